/* SPDX-License-Identifier: GPL-2.0-only */
/* iommufd, whose structures are known to the files of iommufd/ alone. */
#ifndef DMAOWN_IOMMUFD_H
#define DMAOWN_IOMMUFD_H

#include <linux/errno.h>
#include "buildid.h"
#include "context.h"

struct file;
struct iommufd_ctx;

/*
 * iommufd_begin() finds iommufd if it is loaded: 0, and until iommufd_end() it stays loaded;
 * -ENOENT, and there is nothing to end; -ENOEXEC, there is one with another layout; -ENOMEM.
 */
struct iommufd {
	struct iommufd_ctx *(*ctx_from_file)(struct file *file);
};

#ifdef DMAOWN_IOMMUFD
int iommufd_begin(struct iommufd *iommufd);
void iommufd_end(struct iommufd *iommufd);

/* Whether it is the right build: 0, -ENOEXEC or -ENOMEM. Whoever calls keeps it loaded. */
int iommufd_check(void);

/* A reference on the context that a file is of, if it is of one. May be called under spinlocks. */
struct context iommufd_context(const struct iommufd *iommufd, struct file *file);

/* What the layout was made from. */
const char *iommufd_layout_subject(void);
void iommufd_layout_build_id(char text[BUILDID_TEXT]);
#else
static inline int iommufd_begin(struct iommufd *iommufd)
{
	return -ENOENT;
}

static inline void iommufd_end(struct iommufd *iommufd)
{
}

static inline struct context iommufd_context(const struct iommufd *iommufd, struct file *file)
{
	return (struct context){};
}

static inline const char *iommufd_layout_subject(void)
{
	return "";
}

static inline void iommufd_layout_build_id(char text[BUILDID_TEXT])
{
	*text = '\0';
}
#endif

#endif

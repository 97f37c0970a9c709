/* SPDX-License-Identifier: GPL-2.0-only */
/* iommufd contexts. Only the files in iommufd/ know iommufd's structures. */
#ifndef DMAOWN_IOMMUFD_IOMMUFD_H
#define DMAOWN_IOMMUFD_IOMMUFD_H

#include <linux/errno.h>
#include "buildid.h"
#include "context.h"
#include "kinds.h"

struct file;
struct iommufd_access;
struct iommufd_ctx;
struct provenance;

/* The loaded iommufd. Unless it is proven, its files are recognized, and nothing else. */
struct iommufd {
	struct iommufd_ctx *(*ctx_from_file)(struct file *file);
	void (*ctx_put)(struct iommufd_ctx *ictx); /* NULL if it is proven */
	bool proven;
	struct provenance *kept; /* by this, or else by a reference on ctx_from_file */
};

/*
 * Find iommufd if it is loaded, and keep it loaded until dmaown_iommufd_end(). Return: 0, -ENOENT
 * if it is not loaded, or -ENOMEM. After an error there is nothing to end.
 */
int dmaown_iommufd_begin(struct iommufd *iommufd);
void dmaown_iommufd_end(struct iommufd *iommufd);

/*
 * May be called under spinlocks. Return: true if the file is a context's, and iommufd is not
 * proven.
 */
bool dmaown_iommufd_is_unseen(const struct iommufd *iommufd, struct file *file);

/* Is this the file of a fault queue or an event queue? May be called under spinlocks. */
bool dmaown_iommufd_is_queue(const struct file *file);

#ifdef DMAOWN_IOMMUFD
/*
 * The caller keeps iommufd loaded. Return: 0 if it is the build of the layout, -ENOEXEC, or
 * -ENOMEM.
 */
int dmaown_iommufd_check(void);

/*
 * dmaown_iommufd_get(): the same as dmaown_iommufd_begin(), if dmaown_provenance_get() allows it.
 * Return: true if iommufd has been filled in.
 */
bool dmaown_iommufd_get(struct iommufd *iommufd);
struct provenance *dmaown_iommufd_provenance(void);

/*
 * Get the context of a file. May be called under spinlocks. Return: the context with a reference,
 * or none.
 */
struct context dmaown_iommufd_context(const struct iommufd *iommufd, struct file *file);

/*
 * Get the context of a file for which dmaown_iommufd_is_queue() is true. May be called under
 * spinlocks. Return: the context with a reference, or none.
 */
struct context dmaown_iommufd_context_of_queue(const struct iommufd *iommufd, struct file *file);

/* The context of an access that the caller keeps. iommufd is proven. */
struct iommufd_ctx *dmaown_iommufd_of_access(const struct iommufd_access *access);

/* The module (or vmlinux) from which the layout was made, and its build ID; "" if none. */
const char *dmaown_iommufd_layout_subject(void);
void dmaown_iommufd_layout_build_id(char text[BUILDID_TEXT]);

#define IOMMUFD_HAS_LAYOUT true
#else
static inline int dmaown_iommufd_check(void)
{
	return -ENOEXEC;
}

static inline bool dmaown_iommufd_get(struct iommufd *iommufd)
{
	return false;
}

static inline struct context dmaown_iommufd_context(const struct iommufd *iommufd,
						    struct file *file)
{
	return (struct context){};
}

static inline struct context dmaown_iommufd_context_of_queue(const struct iommufd *iommufd,
							     struct file *file)
{
	return (struct context){};
}

static inline struct iommufd_ctx *dmaown_iommufd_of_access(const struct iommufd_access *access)
{
	return NULL;
}

static inline const char *dmaown_iommufd_layout_subject(void)
{
	return "";
}

static inline void dmaown_iommufd_layout_build_id(char text[BUILDID_TEXT])
{
	*text = '\0';
}

#define IOMMUFD_HAS_LAYOUT false
#endif

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* VFIO type1 containers, whose structures are known to the files of type1/ alone. */
#ifndef DMAOWN_TYPE1_H
#define DMAOWN_TYPE1_H

#include <linux/errno.h>
#include "buildid.h"
#include "context.h"

struct file;
struct vfio_group;

#ifdef DMAOWN_TYPE1
/*
 * Everything takes VFIO as it is between vfio_begin() and vfio_end(): proven.
 *
 * A reference on the container that a file is of, if it is of one. May be called under spinlocks.
 */
struct context type1_context(struct file *file);

/*
 * A reference on the container that a VFIO group is in, if it is in one, and the group's name. The
 * caller keeps the group by a file. -EAGAIN if the group is locked.
 */
int type1_context_of_group(struct vfio_group *group, struct context *ctx);
void type1_group_name(struct vfio_group *group, char *name, size_t size);

/* The self of that container as it seems to be, or NULL: only to be compared. */
const void *type1_group_hint(struct vfio_group *group);

/* What the layout was made from; and whether nothing has spoken against that so far. */
bool type1_fits(void);
void type1_layout_build_id(char text[BUILDID_TEXT]);
#else
static inline struct context type1_context(struct file *file)
{
	return (struct context){};
}

static inline int type1_context_of_group(struct vfio_group *group, struct context *ctx)
{
	*ctx = (struct context){};
	return 0;
}

static inline void type1_group_name(struct vfio_group *group, char *name, size_t size)
{
	*name = '\0';
}

static inline const void *type1_group_hint(struct vfio_group *group)
{
	return NULL;
}

static inline bool type1_fits(void)
{
	return false;
}

static inline void type1_layout_build_id(char text[BUILDID_TEXT])
{
	*text = '\0';
}
#endif

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* VFIO type1 containers. Only the files in type1/ know their structures. */
#ifndef DMAOWN_TYPE1_TYPE1_H
#define DMAOWN_TYPE1_TYPE1_H

#include <linux/errno.h>
#include "buildid.h"
#include "context.h"

struct file;
struct vfio_group;

#ifdef DMAOWN_TYPE1
/*
 * The functions are called between dmaown_vfio_begin() and dmaown_vfio_end(), with VFIO proven.
 *
 * Get the container of a file, which is a container's. May be called under spinlocks. Return: the
 * context with a reference.
 */
struct context dmaown_type1_context(struct file *file);

/*
 * Get the container of a VFIO group, with a reference, and the name of the group. *ctx has no
 * context if the group is in no container. The caller keeps the group by a file. Return: 0, or
 * -EAGAIN if the group is locked.
 */
int dmaown_type1_context_of_group(struct vfio_group *group, struct context *ctx);
void dmaown_type1_group_name(struct vfio_group *group, char *name, size_t size);

/* The self of the container that a group seems to be in, or NULL; only to be compared. */
const void *dmaown_type1_group_hint(struct vfio_group *group);

/*
 * dmaown_type1_fits(): return true unless a check of the build has failed so far. The build ID is
 * that from which the layout was made.
 */
bool dmaown_type1_fits(void);
void dmaown_type1_layout_build_id(char text[BUILDID_TEXT]);
#else
static inline struct context dmaown_type1_context(struct file *file)
{
	return (struct context){};
}

static inline int dmaown_type1_context_of_group(struct vfio_group *group, struct context *ctx)
{
	*ctx = (struct context){};
	return 0;
}

static inline void dmaown_type1_group_name(struct vfio_group *group, char *name, size_t size)
{
	*name = '\0';
}

static inline const void *dmaown_type1_group_hint(struct vfio_group *group)
{
	return NULL;
}

static inline bool dmaown_type1_fits(void)
{
	return false;
}

static inline void dmaown_type1_layout_build_id(char text[BUILDID_TEXT])
{
	*text = '\0';
}
#endif

#endif

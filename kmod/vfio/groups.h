/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Groups of VFIO. A group is in a type1 container, or has an iommufd context, or neither.
 *
 * The functions are called between dmaown_vfio_begin() and dmaown_vfio_end(), with VFIO proven. The
 * caller keeps the group by a file of it, or by an open device in it.
 */
#ifndef DMAOWN_VFIO_GROUPS_H
#define DMAOWN_VFIO_GROUPS_H

#include <linux/errno.h>

#include "context.h"
#include "dmaown_layout.h"
#include "vfio.h"

struct vfio_group;

#if LAYOUT_VFIO && LAYOUT_HAS_vfio_group
/*
 * Get the context of a group, with a reference; *ctx has none if the group is in none. Return: 0;
 * -EAGAIN if the group is locked; or -ENOEXEC if the module has no layout for the context.
 */
int dmaown_vfio_group_context(const struct vfio *vfio, struct vfio_group *group,
			      struct context *ctx);

/* The self of the context that a group seems to have, or NULL; only to be compared. */
const void *dmaown_vfio_group_hint(struct vfio_group *group);

void dmaown_vfio_group_name(struct vfio_group *group, char *name, size_t size);

/*
 * While a group is locked, it stays in its context, and no device is opened or closed through it.
 * users: the number of its devices that are open in a container.
 */
bool dmaown_vfio_group_trylock(struct vfio_group *group);
void dmaown_vfio_group_unlock(struct vfio_group *group);
unsigned int dmaown_vfio_group_users(struct vfio_group *group);
#else
static inline int dmaown_vfio_group_context(const struct vfio *vfio, struct vfio_group *group,
					    struct context *ctx)
{
	*ctx = (struct context){};
	return 0;
}

static inline const void *dmaown_vfio_group_hint(struct vfio_group *group)
{
	return NULL;
}

static inline void dmaown_vfio_group_name(struct vfio_group *group, char *name, size_t size)
{
	*name = '\0';
}

static inline bool dmaown_vfio_group_trylock(struct vfio_group *group)
{
	return false;
}

static inline void dmaown_vfio_group_unlock(struct vfio_group *group)
{
}

static inline unsigned int dmaown_vfio_group_users(struct vfio_group *group)
{
	return 0;
}
#endif

#endif

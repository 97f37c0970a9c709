// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups of VFIO. dmaown_layout.h has the members that are used (kernel: drivers/vfio/vfio.h,
 * group.c, container.c):
 *
 * vfio_group.container, .iommufd
 *			group_lock. The group has a reference on either. A group with an open device
 *			keeps its container, but not always its iommufd context: the device does
 *			(vfio_group_ioctl_unset_container()).
 * vfio_group.container_users
 *			group_lock. In a container it is 1, and one more for each open device.
 * vfio_group.dev.kobj.name
 *			does not change.
 */
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include "groups.h"
#include "iommufd/iommufd.h"
#include "type1/type1.h"

#if LAYOUT_HAS_vfio_container
/* Return: 1 if the group is in a container; 0 if not; or -ENOEXEC. */
static int group_container(const struct layout_vfio_group *group, struct context *ctx)
{
	lockdep_assert_held(&group->group_lock);
	if (!group->container)
		return 0;
#ifdef DMAOWN_TYPE1
	*ctx = dmaown_type1_context_of(group->container);
	return 1;
#else
	return -ENOEXEC;
#endif
}

static const void *group_container_hint(const struct layout_vfio_group *group)
{
	return READ_ONCE(group->container);
}

static unsigned int group_users(const struct layout_vfio_group *group)
{
	lockdep_assert_held(&group->group_lock);
	return group->container ? group->container_users - 1 : 0;
}
#else
static int group_container(const struct layout_vfio_group *group, struct context *ctx)
{
	return 0;
}

static const void *group_container_hint(const struct layout_vfio_group *group)
{
	return NULL;
}

static unsigned int group_users(const struct layout_vfio_group *group)
{
	return 0;
}
#endif

#if LAYOUT_HAS_vfio_group_iommufd
static int group_ictx(const struct vfio *vfio, const struct layout_vfio_group *group,
		      struct context *ctx)
{
	lockdep_assert_held(&group->group_lock);
	if (!group->iommufd)
		return 0;
	return dmaown_vfio_ictx(vfio, (struct iommufd_ctx *)group->iommufd, ctx);
}

static const void *group_ictx_hint(const struct layout_vfio_group *group)
{
	return READ_ONCE(group->iommufd);
}
#else
static int group_ictx(const struct vfio *vfio, const struct layout_vfio_group *group,
		      struct context *ctx)
{
	return 0;
}

static const void *group_ictx_hint(const struct layout_vfio_group *group)
{
	return NULL;
}
#endif

int dmaown_vfio_group_context(const struct vfio *vfio, struct vfio_group *opaque,
			      struct context *ctx)
{
	struct layout_vfio_group *group = (struct layout_vfio_group *)opaque;
	int ret;

	*ctx = (struct context){};
	if (!mutex_trylock(&group->group_lock))
		return -EAGAIN;
	ret = group_container(group, ctx);
	if (!ret)
		ret = group_ictx(vfio, group, ctx);
	mutex_unlock(&group->group_lock);
	return min(ret, 0);
}

const void *dmaown_vfio_group_hint(struct vfio_group *opaque)
{
	const struct layout_vfio_group *group = (struct layout_vfio_group *)opaque;

	return group_container_hint(group) ?: group_ictx_hint(group);
}

void dmaown_vfio_group_name(struct vfio_group *opaque, char *name, size_t size)
{
	const struct layout_vfio_group *group = (struct layout_vfio_group *)opaque;

	snprintf(name, size, "group-%s", group->dev_kobj_name);
}

bool dmaown_vfio_group_trylock(struct vfio_group *opaque)
{
	return mutex_trylock(&((struct layout_vfio_group *)opaque)->group_lock);
}

void dmaown_vfio_group_unlock(struct vfio_group *opaque)
{
	mutex_unlock(&((struct layout_vfio_group *)opaque)->group_lock);
}

unsigned int dmaown_vfio_group_users(struct vfio_group *opaque)
{
	return group_users((struct layout_vfio_group *)opaque);
}

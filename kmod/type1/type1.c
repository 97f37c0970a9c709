// SPDX-License-Identifier: GPL-2.0-only
/* Containers as a whole: which there are, and whether their IOMMU is type1's. */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/major.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/string.h>

#include "../build.h"
#include "private.h"

static const u8 build_id[] = LAYOUT_VFIO_IOMMU_TYPE1_BUILD_ID_BYTES;

static struct build build = {
	.name = LAYOUT_VFIO_IOMMU_TYPE1_BUILTIN ? NULL : "vfio_iommu_type1",
	.id = build_id,
	.len = sizeof(build_id),
	.loss = "its containers are not seen",
};

/*
 * What misc_open() has put in place of its own file operations are those of whoever has the minor
 * number of /dev/vfio/vfio: VFIO, or iommufd, whose files are known by themselves.
 */
static bool is_container_file(const struct file *file)
{
	const struct inode *inode = file_inode(file);
	struct module *owner = file->f_op->owner;

	if (!S_ISCHR(inode->i_mode) || inode->i_rdev != MKDEV(MISC_MAJOR, VFIO_MINOR) ||
	    (file->f_mode & FMODE_PATH))
		return false;
	return LAYOUT_VFIO_BUILTIN ? !owner : owner && !strcmp(module_name(owner), "vfio");
}

static struct context to_context(struct layout_vfio_container *container)
{
	return (struct context){ &type1_backend, container };
}

/* An open file has a container from the start to the end. */
struct context type1_context(struct file *file)
{
	struct context ctx = { &type1_backend };

	if (is_container_file(file)) {
		ctx.self = file->private_data;
		context_get(ctx);
	}
	return ctx;
}

int type1_context_of_group(struct vfio_group *opaque, struct context *ctx)
{
	struct layout_vfio_group *group = (struct layout_vfio_group *)opaque;

	if (!mutex_trylock(&group->group_lock))
		return -EAGAIN;
	*ctx = to_context(group->container);
	if (ctx->self)
		context_get(*ctx);
	mutex_unlock(&group->group_lock);
	return 0;
}

void type1_group_name(struct vfio_group *opaque, char *name, size_t size)
{
	const struct layout_vfio_group *group = (struct layout_vfio_group *)opaque;

	snprintf(name, size, "group-%s", group->dev_kobj_name);
}

const void *type1_group_hint(struct vfio_group *opaque)
{
	const struct layout_vfio_group *group = (struct layout_vfio_group *)opaque;

	return READ_ONCE(group->container);
}

bool type1_fits(void)
{
	return !build_failed(&build);
}

void type1_layout_build_id(char text[BUILDID_TEXT])
{
	strscpy(text, LAYOUT_VFIO_IOMMU_TYPE1_BUILD_ID, BUILDID_TEXT);
}

/* The driver of this name is VFIO's own. */
static bool is_type1(const struct layout_vfio_container *container)
{
	const struct layout_vfio_iommu_driver *driver = container->iommu_driver;

	return driver && !strcmp(driver->ops->name, "vfio-iommu-type1");
}

bool type1_has_iommu(const struct layout_vfio_container *container)
{
	return READ_ONCE(container->iommu_driver);
}

/* The driver may have gone, and come back as another build, since the container was found. */
bool type1_trylock_container(struct layout_vfio_container *container)
{
	if (!type1_has_iommu(container) || !down_read_trylock(&container->group_lock))
		return false;
	if (is_type1(container) && !build_check(&build))
		return true;
	up_read(&container->group_lock);
	return false;
}

void type1_unlock_container(struct layout_vfio_container *container)
{
	up_read(&container->group_lock);
}

struct layout_vfio_iommu *type1_iommu(const struct layout_vfio_container *container)
{
	return container->iommu_data;
}

int type1_lock_both(struct layout_vfio_container *container, struct layout_vfio_iommu **iommu)
{
	*iommu = NULL;
	if (!type1_has_iommu(container))
		return 0;
	if (!type1_trylock_container(container))
		return -EAGAIN;
	*iommu = type1_iommu(container);
	if (mutex_trylock(&(*iommu)->lock))
		return 0;
	type1_unlock_container(container);
	return -EAGAIN;
}

void type1_unlock_both(struct layout_vfio_container *container, struct layout_vfio_iommu *iommu)
{
	if (!iommu)
		return;
	mutex_unlock(&iommu->lock);
	type1_unlock_container(container);
}

static void get(void *self)
{
	struct layout_vfio_container *container = self;

	kref_get(&container->kref);
}

static void release(struct kref *kref)
{
	kfree(container_of(kref, struct layout_vfio_container, kref));
}

static void put(void *self)
{
	struct layout_vfio_container *container = self;

	kref_put(&container->kref, release);
}

/* With an IOMMU set, and that type1's, which stays loaded while the container is locked. */
static int present(void *self)
{
	struct layout_vfio_container *container = self;
	int ret;

	if (!type1_has_iommu(container))
		return -ENOENT;
	if (!down_read_trylock(&container->group_lock))
		return -EAGAIN;
	ret = is_type1(container) ? build_check(&build) : -ENOENT;
	up_read(&container->group_lock);
	return ret == -ENOEXEC ? -ENOENT : ret;
}

/* What the locked pages are charged to. Whether the limit holds is a matter of privilege. */
static enum dmaown_mode mode(void *self)
{
	return DMAOWN_MODE_MM;
}

const struct backend type1_backend = {
	.kind = DMAOWN_KIND_TYPE1,
	.limit_by_privilege = true,
	.takes_io = true,
	.get = get,
	.put = put,
	.present = present,
	.mode = mode,
	.objects = type1_objects,
	.areas = type1_areas,
	.accesses = type1_accesses,
	.pinned = type1_pinned,
	.part_alloc = type1_part_alloc,
	.part_free = type1_part_free,
	.lock = type1_lock,
	.unlock = type1_unlock,
	.walk = type1_walk,
	.pinned_now = type1_pinned_now,
	.give = type1_give,
	.set_owner = type1_set_owner,
	.set_addr = type1_set_addr,
};

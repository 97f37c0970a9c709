// SPDX-License-Identifier: GPL-2.0-only
/* Containers as a whole: finding them, and checking that their IOMMU is that of type1. */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/string.h>

#include "private.h"
#include "provenance.h"

static const u8 build_id[] = LAYOUT_VFIO_IOMMU_TYPE1_BUILD_ID_BYTES;

static struct provenance provenance = {
	.name = LAYOUT_VFIO_IOMMU_TYPE1_BUILTIN ? NULL : "vfio_iommu_type1",
	.id = build_id,
	.len = sizeof(build_id),
	.consequence = "its containers are not seen",
};

static struct context type1_to_context(struct layout_vfio_container *container)
{
	return (struct context){ &dmaown_type1_backend, container };
}

struct context dmaown_type1_context_of(struct layout_vfio_container *container)
{
	struct context ctx = type1_to_context(container);

	dmaown_context_get(ctx);
	return ctx;
}

/* An open file has the same container all the time. */
struct context dmaown_type1_context(struct file *file)
{
	return dmaown_type1_context_of(file->private_data);
}

bool dmaown_type1_fits(void)
{
	return !provenance_failed(&provenance);
}

void dmaown_type1_layout_build_id(char text[BUILDID_TEXT])
{
	strscpy(text, LAYOUT_VFIO_IOMMU_TYPE1_BUILD_ID, BUILDID_TEXT);
}

/* Only VFIO's own type1 driver has this name (kernel: vfio_iommu_type1.c). */
static bool type1_is_driver(const struct layout_vfio_container *container)
{
	const struct layout_vfio_iommu_driver *driver = container->iommu_driver;

	lockdep_assert_held_read(&container->group_lock);
	return driver && !strcmp(driver->ops->name, "vfio-iommu-type1");
}

bool dmaown_type1_has_iommu(const struct layout_vfio_container *container)
{
	return READ_ONCE(container->iommu_driver);
}

/* Since the container was found, another build of the driver may have been loaded. */
bool dmaown_type1_trylock_container(struct layout_vfio_container *container)
{
	if (!dmaown_type1_has_iommu(container) || !down_read_trylock(&container->group_lock))
		return false;
	if (type1_is_driver(container) && !dmaown_provenance_check(&provenance))
		return true;
	up_read(&container->group_lock);
	return false;
}

void dmaown_type1_unlock_container(struct layout_vfio_container *container)
{
	up_read(&container->group_lock);
}

struct layout_vfio_iommu *dmaown_type1_iommu(const struct layout_vfio_container *container)
{
	lockdep_assert_held_read(&container->group_lock);
	return container->iommu_data;
}

int dmaown_type1_lock_both(struct layout_vfio_container *container,
			   struct layout_vfio_iommu **iommu)
{
	*iommu = NULL;
	if (!dmaown_type1_has_iommu(container))
		return 0;
	if (!dmaown_type1_trylock_container(container))
		return -EAGAIN;
	*iommu = dmaown_type1_iommu(container);
	if (mutex_trylock(&(*iommu)->lock))
		return 0;
	dmaown_type1_unlock_container(container);
	return -EAGAIN;
}

void dmaown_type1_unlock_both(struct layout_vfio_container *container,
			      struct layout_vfio_iommu *iommu)
{
	if (!iommu)
		return;
	mutex_unlock(&iommu->lock);
	dmaown_type1_unlock_container(container);
}

static void type1_get(void *self)
{
	struct layout_vfio_container *container = self;

	kref_get(&container->kref);
}

static void type1_release(struct kref *kref)
{
	kfree(container_of(kref, struct layout_vfio_container, kref));
}

static void type1_put(void *self)
{
	struct layout_vfio_container *container = self;

	kref_put(&container->kref, type1_release);
}

static unsigned long type1_references(void *self)
{
	struct layout_vfio_container *container = self;

	return kref_read(&container->kref);
}

/* No other file has the container as its data. */
static bool type1_has_file(void *self, const struct file *file)
{
	return file->private_data == self;
}

/*
 * A container is live if it has a type1 IOMMU. The driver stays loaded while the container is
 * locked.
 */
static int type1_live(void *self)
{
	struct layout_vfio_container *container = self;
	int ret;

	if (!dmaown_type1_has_iommu(container))
		return -ENOENT;
	if (!down_read_trylock(&container->group_lock))
		return -EAGAIN;
	ret = type1_is_driver(container) ? dmaown_provenance_check(&provenance) : -ENOENT;
	up_read(&container->group_lock);
	return ret;
}

/* The pages are charged to locked_vm of the mm. The limit depends on privilege only. */
static enum dmaown_mode type1_mode(void *self)
{
	return DMAOWN_MODE_MM;
}

const struct backend dmaown_type1_backend = {
	.kind = DMAOWN_KIND_TYPE1,
	.limit_by_privilege = true,
	.takes_io = true,
	.get = type1_get,
	.put = type1_put,
	.references = type1_references,
	.has_file = type1_has_file,
	.live = type1_live,
	.mode = type1_mode,
	.objects = dmaown_type1_objects,
	.areas = dmaown_type1_areas,
	.accesses = dmaown_type1_accesses,
	.pinned = dmaown_type1_pinned,
	.part_alloc = dmaown_type1_part_alloc,
	.part_free = dmaown_type1_part_free,
	.lock = dmaown_type1_lock,
	.unlock = dmaown_type1_unlock,
	.walk = dmaown_type1_walk,
	.pinned_now = dmaown_type1_pinned_now,
	.move_owners = dmaown_type1_move_owners,
	.set_owner = dmaown_type1_set_owner,
	.set_addr = dmaown_type1_set_addr,
};

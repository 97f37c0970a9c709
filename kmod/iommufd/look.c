// SPDX-License-Identifier: GPL-2.0-only
/* Copy the content of contexts without taking references on it. See private.h for the locks. */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/sched/signal.h>

#include "private.h"
#include "vfio/devices.h"
#include "vfio/vfio.h"

struct layout_iommufd_ioas *dmaown_iommufd_next_ioas(struct layout_iommufd_ctx *ctx, u32 *id,
						     unsigned int *steps)
{
	struct layout_iommufd_object *obj;
	unsigned long index;

	lockdep_assert_held(&ctx->objects.xa_lock);
	xa_for_each_start(&ctx->objects, index, obj, *id) {
		*id = index;
		if (!*steps)
			return NULL;
		--*steps;
		if (obj->type == LAYOUT_IOMMUFD_OBJ_IOAS)
			return to_ioas(obj);
	}
	return NULL;
}

/* Objects that are copied at a time under the lock of ctx->objects */
#define OBJECT_STEPS 32

/*
 * The HWPT to which a device is attached. The pointer may be stale, because the mutex of the group
 * cannot be taken here. It is only compared with the HWPTs that exist.
 */
static const void *ictx_attached_hwpt(struct layout_iommufd_device *idev)
{
#if LAYOUT_HAS_iommufd_group_pasid_attach
	struct xarray *attachments = &idev->igroup->pasid_attach;
	struct layout_iommufd_attach *attach;
	const void *hwpt = NULL;

	/* An attachment is freed after it has been erased under this lock. */
	spin_lock_nested(&attachments->xa_lock, SINGLE_DEPTH_NESTING);
	attach = xa_load(attachments, IOMMU_NO_PASID);
	if (attach)
		hwpt = READ_ONCE(attach->hwpt);
	spin_unlock(&attachments->xa_lock);
	return hwpt;
#else
	return READ_ONCE(idev->igroup->hwpt);
#endif
}

/* A HWPT holds a reference on its parent, and a paging HWPT on its IOAS, until it is destroyed. */
static void ictx_copy_hwpt(struct object *to, struct layout_iommufd_object *obj)
{
	struct layout_iommufd_hwpt_paging *paging;

	to->type = OBJECT_HWPT;
	to->self = container_of(obj, struct layout_iommufd_hw_pagetable, obj);
	to->nested = obj->type == LAYOUT_IOMMUFD_OBJ_HWPT_NESTED;
	if (to->nested)
		paging = container_of(obj, struct layout_iommufd_hwpt_nested, common.obj)->parent;
	else
		paging = container_of(obj, struct layout_iommufd_hwpt_paging, common.obj);
	to->auto_domain = !to->nested && paging->auto_domain;
	if (paging && paging->ioas)
		to->ioas = paging->ioas->obj.id;
}

/* A device to inspect without the lock, with references on it and on the module of its driver. */
struct kept_device {
	struct device *dev;   /* NULL if none */
	struct module *owner; /* or NULL */
};

/*
 * VFIO holds a reference on the driver's module while the device is open (kernel: vfio_main.c),
 * which is at least as long as the object is in ctx->objects. Other users of iommufd need not have
 * a driver, or may lose it: the memory of its module is freed after a grace period.
 */
static void ictx_keep_device(struct kept_device *kept, struct device *dev)
{
	struct device_driver *driver;

	kept->dev = get_device(dev);
	rcu_read_lock();
	driver = READ_ONCE(dev->driver);
	if (driver && try_module_get(driver->owner))
		kept->owner = driver->owner;
	rcu_read_unlock();
}

static void ictx_copy_device(struct object *to, struct layout_iommufd_object *obj,
			     struct kept_device *kept)
{
	struct layout_iommufd_device *idev = container_of(obj, struct layout_iommufd_device, obj);

	to->type = OBJECT_DEVICE;
	to->attached = ictx_attached_hwpt(idev);
	strscpy(to->name, dev_name(idev->dev), sizeof(to->name));
	ictx_keep_device(kept, idev->dev);
}

/* Return: false if objects of this type are not listed. */
static bool ictx_copy_object(struct object *to, struct layout_iommufd_object *obj,
			     struct kept_device *kept)
{
	memset(to, 0, sizeof(*to));
	to->id = obj->id;
	*kept = (struct kept_device){};
	switch ((int)obj->type) {
	case LAYOUT_IOMMUFD_OBJ_IOAS:
		to->type = OBJECT_IOAS;
		to->alignment = READ_ONCE(to_ioas(obj)->iopt.iova_alignment);
		return true;
	case LAYOUT_IOMMUFD_OBJ_HWPT_PAGING:
	case LAYOUT_IOMMUFD_OBJ_HWPT_NESTED:
		ictx_copy_hwpt(to, obj);
		return true;
	case LAYOUT_IOMMUFD_OBJ_DEVICE:
		ictx_copy_device(to, obj, kept);
		return true;
	}
	return false;
}

/*
 * Add the number of open files of each device. Called without the lock: walking the children of a
 * device takes and drops references.
 */
static int ictx_add_opens(struct object *batch, const struct kept_device *kept, unsigned int nr)
{
	struct vfio vfio = {};
	bool begun = false;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < nr; i++) {
		if (!kept[i].dev)
			continue;
		if (!begun)
			ret = dmaown_vfio_begin(&vfio);
		begun = true;
		batch[i].has_opens = !ret && dmaown_vfio_opens(&vfio, kept[i].dev, &batch[i].opens);
		batch[i].removing = !batch[i].has_opens && dmaown_vfio_is_removing(kept[i].dev);
		put_device(kept[i].dev);
		module_put(kept[i].owner);
	}
	dmaown_vfio_end(&vfio);
	return ret == -ENOMEM ? ret : 0;
}

int dmaown_iommufd_objects(void *self, u32 *id, struct object *batch, unsigned int nr,
			   unsigned int *done)
{
	struct layout_iommufd_ctx *ctx = to_ctx(self);
	struct kept_device kept[OBJECT_STEPS];
	struct layout_iommufd_object *obj;
	unsigned int steps = OBJECT_STEPS;
	unsigned long index;
	bool more = false;

	*done = 0;
	xa_lock(&ctx->objects);
	xa_for_each_start(&ctx->objects, index, obj, *id) {
		if (*done == nr || !steps--) {
			more = true;
			break;
		}
		*done += ictx_copy_object(&batch[*done], obj, &kept[*done]);
		*id = index + 1;
	}
	xa_unlock(&ctx->objects);
	return ictx_add_opens(batch, kept, *done) ?: more;
}

static void ictx_copy_file(struct area *to, const struct inode *inode)
{
	to->file_dev = inode->i_sb->s_dev;
	to->file_inode = inode->i_ino;
}

static void ictx_copy_area(struct area *to, u32 ioas, struct layout_iopt_area *area)
{
	struct layout_iopt_pages *pages = area->pages;
	const struct inode *inode;

	memset(to, 0, sizeof(*to));
	to->ioas = ioas;
	to->iova = area->node.start;
	to->last = area->node.last;
	to->readable = area->iommu_prot & IOMMU_READ;
	to->writable = area->iommu_prot & IOMMU_WRITE;
	if (!pages)
		return;

	to->pages = pages;
	to->accesses = READ_ONCE(area->num_accesses);
	to->source = pages_source(pages);
	to->start = pages_start(pages) + area_offset(area);
	to->first = area->pages_node.start;
	inode = pages_inode(pages);
	if (inode)
		ictx_copy_file(to, inode);
	to->sharers = kref_read(&pages->kref);
	to->npinned = READ_ONCE(pages->npinned);
	to->mode = pages->account_mode;
	to->owner.task = pages->source_task;
	to->owner.mm = pages->source_mm;
	to->owner.user = pages->source_user;
	dmaown_owner_get(&to->owner);
}

/*
 * Copies from one IOAS, under the read side of its iova_rwsem. Moves the cursor, at the end to the
 * next IOAS.
 */
typedef int (*copy_fn)(struct layout_iommufd_ioas *ioas, struct cursor *cursor, void *batch,
		       unsigned int nr);

/*
 * Copy from one IOAS. The lock of ctx->objects is held while the rwsem is held: an rwsem must not
 * be freed before its last up_read() has returned, and nothing else keeps the IOAS.
 */
static int ictx_copy_one(struct layout_iommufd_ioas *ioas, struct cursor *cursor, copy_fn copy,
			 void *batch, unsigned int nr)
{
	int done;

	if (ioas->obj.id != cursor->id)
		cursor->key = 0;
	cursor->id = ioas->obj.id;
	if (!down_read_trylock(&ioas->iopt.iova_rwsem))
		return -EAGAIN;
	done = copy(ioas, cursor, batch, nr);
	up_read(&ioas->iopt.iova_rwsem);
	return done;
}

/*
 * Visit up to OBJECTS_VISITED objects until there is an entry. Return: the number of entries; 0 at
 * the end; -EINPROGRESS if there may be more; or -EAGAIN.
 */
static int ictx_copy_some(struct layout_iommufd_ctx *ctx, struct cursor *cursor, copy_fn copy,
			  void *batch, unsigned int nr)
{
	unsigned int steps = OBJECTS_VISITED;
	struct layout_iommufd_ioas *ioas;
	u32 id = cursor->id;
	int done = 0;

	xa_lock(&ctx->objects);
	while (!done && (ioas = dmaown_iommufd_next_ioas(ctx, &id, &steps))) {
		if (id > cursor->last_id)
			break;
		done = ictx_copy_one(ioas, cursor, copy, batch, nr);
		id = cursor->id;
	}
	xa_unlock(&ctx->objects);
	if (done || steps)
		return done;
	if (id != cursor->id)
		*cursor = (struct cursor){ .id = id, .last_id = cursor->last_id };
	return -EINPROGRESS;
}

static int ictx_copy_next(void *self, struct cursor *cursor, copy_fn copy, void *batch,
			  unsigned int nr)
{
	int done;

	do {
		done = ictx_copy_some(to_ctx(self), cursor, copy, batch, nr);
		if (fatal_signal_pending(current) && done == -EINPROGRESS)
			return -EINTR;
		cond_resched();
	} while (done == -EINPROGRESS);
	return done;
}

static int ictx_copy_areas(struct layout_iommufd_ioas *ioas, struct cursor *cursor, void *batch,
			   unsigned int nr)
{
	struct area *areas = batch;
	struct interval_tree_node *node;
	struct layout_iopt_area *area;
	unsigned int done = 0;

	lockdep_assert_held_read(&ioas->iopt.iova_rwsem);
	node = interval_tree_iter_first(&ioas->iopt.area_itree, cursor->key, ULONG_MAX);
	area = to_area(node ? &node->rb : NULL);
	for (; area; area = to_area(rb_next(&area->node.rb))) {
		if (done == nr) {
			cursor->key = area->node.start;
			return done;
		}
		ictx_copy_area(&areas[done++], ioas->obj.id, area);
	}
	cursor_skip(cursor);
	return done;
}

static int ictx_copy_accesses(struct layout_iommufd_ioas *ioas, struct cursor *cursor, void *batch,
			      unsigned int nr)
{
	struct access *accesses = batch;
	struct layout_iommufd_access *access;
	unsigned int done = 0;
	unsigned long index;

	lockdep_assert_held_read(&ioas->iopt.iova_rwsem);
	xa_for_each_start(&ioas->iopt.access_list, index, access, cursor->key) {
		if (done == nr) {
			cursor->key = index;
			return done;
		}
		accesses[done].id = access->obj.id;
		accesses[done++].ioas = ioas->obj.id;
	}
	cursor_skip(cursor);
	return done;
}

int dmaown_iommufd_areas(void *self, struct cursor *cursor, struct area *batch, unsigned int nr)
{
	return ictx_copy_next(self, cursor, ictx_copy_areas, batch, nr);
}

int dmaown_iommufd_accesses(void *self, struct cursor *cursor, struct access *batch,
			    unsigned int nr)
{
	return ictx_copy_next(self, cursor, ictx_copy_accesses, batch, nr);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts and what is in them, looked at without a reference on anything. See private.h for the
 * locks.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/sched/signal.h>

#include "private.h"

struct layout_iommufd_ioas *next_ioas(struct layout_iommufd_ctx *ctx, u32 *id)
{
	struct layout_iommufd_object *obj;
	unsigned long index;

	xa_for_each_start(&ctx->objects, index, obj, *id) {
		if (obj->type != LAYOUT_IOMMUFD_OBJ_IOAS)
			continue;
		*id = obj->id;
		return to_ioas(obj);
	}
	return NULL;
}

/* How many objects, or IOASes, are looked at in one go under the lock of ctx->objects. */
#define LOCKED_STEPS	64

/*
 * The HWPT to which a device is attached: an address that may be stale, since the group's mutex
 * cannot be taken here. It is only compared with those of the HWPTs that exist.
 */
static const void *attached_hwpt(struct layout_iommufd_device *idev)
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

/* A HWPT holds a reference on its parent, and a paging one on its IOAS, until it is destroyed. */
static void copy_hwpt(struct object *to, struct layout_iommufd_object *obj)
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

static void copy_device(struct object *to, struct layout_iommufd_object *obj)
{
	struct layout_iommufd_device *idev = container_of(obj, struct layout_iommufd_device, obj);

	to->type = OBJECT_DEVICE;
	to->attached = attached_hwpt(idev);
	strscpy(to->name, dev_name(idev->dev), sizeof(to->name));
}

/* False if it is none of the kinds that are listed. */
static bool copy_object(struct object *to, struct layout_iommufd_object *obj)
{
	memset(to, 0, sizeof(*to));
	to->id = obj->id;
	switch ((int)obj->type) {
	case LAYOUT_IOMMUFD_OBJ_IOAS:
		to->type = OBJECT_IOAS;
		to->alignment = READ_ONCE(to_ioas(obj)->iopt.iova_alignment);
		return true;
	case LAYOUT_IOMMUFD_OBJ_HWPT_PAGING:
	case LAYOUT_IOMMUFD_OBJ_HWPT_NESTED:
		copy_hwpt(to, obj);
		return true;
	case LAYOUT_IOMMUFD_OBJ_DEVICE:
		copy_device(to, obj);
		return true;
	}
	return false;
}

int iommufd_objects(void *self, u32 *id, struct object *batch, unsigned int nr,
		    unsigned int *done)
{
	struct layout_iommufd_ctx *ctx = to_ctx(self);
	struct layout_iommufd_object *obj;
	unsigned int steps = LOCKED_STEPS;
	unsigned long index;
	bool more = false;

	*done = 0;
	xa_lock(&ctx->objects);
	xa_for_each_start(&ctx->objects, index, obj, *id) {
		if (*done == nr || !steps--) {
			more = true;
			break;
		}
		*done += copy_object(&batch[*done], obj);
		*id = index + 1;
	}
	xa_unlock(&ctx->objects);
	return more;
}

static void copy_area(struct area *to, u32 ioas, struct layout_iopt_area *area)
{
	struct layout_iopt_pages *pages = area->pages;

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
	to->sharers = kref_read(&pages->kref);
	to->npinned = READ_ONCE(pages->npinned);
	to->mode = pages->account_mode;
	to->owner.task = pages->source_task;
	to->owner.mm = pages->source_mm;
	to->owner.user = pages->source_user;
	owner_get(&to->owner);
}

static void cursor_next_ioas(struct cursor *cursor)
{
	cursor->id++;
	cursor->key = 0;
}

/*
 * Copies from one IOAS, under the read side of its iova_rwsem; moves the cursor, out of it at its
 * end.
 */
typedef int (*copy_fn)(struct layout_iommufd_ioas *ioas, struct cursor *cursor, void *batch,
		       unsigned int nr);

/*
 * One IOAS. The lock of ctx->objects is held as long as the rwsem is: a rwsem must not be freed
 * before its last up_read() has returned, and nothing else keeps the IOAS.
 */
static int copy_one(struct layout_iommufd_ioas *ioas, struct cursor *cursor, copy_fn copy,
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

/* A few IOASes, until there is something. 0: no more; -EINPROGRESS: there may be more. */
static int copy_some(struct layout_iommufd_ctx *ctx, struct cursor *cursor, copy_fn copy,
		     void *batch, unsigned int nr)
{
	unsigned int steps = LOCKED_STEPS;
	struct layout_iommufd_ioas *ioas;
	int done = -EINPROGRESS;
	u32 id = cursor->id;

	xa_lock(&ctx->objects);
	while (steps--) {
		ioas = next_ioas(ctx, &id);
		done = 0;
		if (!ioas || id > cursor->last_id)
			break;
		done = copy_one(ioas, cursor, copy, batch, nr);
		if (done)
			break;
		id = cursor->id;
		done = -EINPROGRESS;
	}
	xa_unlock(&ctx->objects);
	return done;
}

static int copy_next(void *self, struct cursor *cursor, copy_fn copy, void *batch,
		     unsigned int nr)
{
	int done;

	do {
		done = copy_some(to_ctx(self), cursor, copy, batch, nr);
		if (fatal_signal_pending(current) && done == -EINPROGRESS)
			return -EINTR;
		cond_resched();
	} while (done == -EINPROGRESS);
	return done;
}

static int copy_areas(struct layout_iommufd_ioas *ioas, struct cursor *cursor, void *batch,
		      unsigned int nr)
{
	struct area *areas = batch;
	struct interval_tree_node *node;
	struct layout_iopt_area *area;
	unsigned int done = 0;

	node = interval_tree_iter_first(&ioas->iopt.area_itree, cursor->key, ULONG_MAX);
	area = to_area(node ? &node->rb : NULL);
	for (; area; area = to_area(rb_next(&area->node.rb))) {
		if (done == nr) {
			cursor->key = area->node.start;
			return done;
		}
		copy_area(&areas[done++], ioas->obj.id, area);
	}
	cursor_next_ioas(cursor);
	return done;
}

static int copy_accesses(struct layout_iommufd_ioas *ioas, struct cursor *cursor, void *batch,
			 unsigned int nr)
{
	struct access *accesses = batch;
	struct layout_iommufd_access *access;
	unsigned int done = 0;
	unsigned long index;

	xa_for_each_start(&ioas->iopt.access_list, index, access, cursor->key) {
		if (done == nr) {
			cursor->key = index;
			return done;
		}
		accesses[done].id = access->obj.id;
		accesses[done++].ioas = ioas->obj.id;
	}
	cursor_next_ioas(cursor);
	return done;
}

int iommufd_areas(void *self, struct cursor *cursor, struct area *batch, unsigned int nr)
{
	return copy_next(self, cursor, copy_areas, batch, nr);
}

int iommufd_accesses(void *self, struct cursor *cursor, struct access *batch, unsigned int nr)
{
	return copy_next(self, cursor, copy_accesses, batch, nr);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VFIO's containers and the type1 IOMMU driver, as dmaown_layout.h found them in the BTF of the
 * kernel being built for. What protects them is VFIO's affair; as far as we touch them (kernel:
 * drivers/vfio/container.c, group.c, vfio_main.c, vfio_iommu_type1.c):
 *
 * vfio_container.kref	keeps the struct, and nothing else that is in it. The last one to let go
 *			frees it, and there is nothing more to release (vfio_container_release()).
 * vfio_container.iommu_driver, .iommu_data, .group_list
 *			group_lock. The driver's module stays, and so does its data, until the last
 *			group leaves the container, under the write side.
 * vfio_group.container, .container_next
 *			group_lock of the group. A group that has a device open stays where it is.
 * vfio_group.dev.kobj.name
 *			does not change.
 * vfio_group.device_list
 *			device_lock; what is in it is registered, and so has a name.
 * vfio_iommu and all that hangs in it
 *			its lock: VFIO takes it for everything, from mapping to the pins of emulated
 *			devices. It lets go of it in the middle only to have emulated devices unpin
 *			what is about to be unmapped (vfio_notify_dma_unmap()), with all in order,
 *			and looks for it anew afterwards.
 * vfio_dma: the rest	the same lock.
 *
 * VFIO takes the lock of a group, then that of the container, then that of the vfio_iommu. We only
 * ever try.
 */
#ifndef DMAOWN_TYPE1_PRIVATE_H
#define DMAOWN_TYPE1_PRIVATE_H

#include <linux/container_of.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/rwsem.h>
#include <linux/slab.h>

#include "dmaown_layout.h"
#include "../backend.h"
#include "../type1.h"

/* The one address space of a container. */
#define TYPE1_IOAS	1

static inline struct layout_vfio_dma *to_dma(struct rb_node *node)
{
	return node ? rb_entry(node, struct layout_vfio_dma, node) : NULL;
}

static inline struct layout_vfio_dma *first_dma(const struct layout_vfio_iommu *iommu)
{
	return to_dma(rb_first(&iommu->dma_list));
}

static inline struct layout_vfio_dma *next_dma(const struct layout_vfio_dma *dma)
{
	return to_dma(rb_next(&dma->node));
}

/* The first mapping that ends at or behind an IOVA. Under the lock. */
struct layout_vfio_dma *type1_dma_from(const struct layout_vfio_iommu *iommu, u64 iova);

/*
 * What counts as pinned: what is charged, but for what could not be uncharged after its owner's
 * death and is charged twice since (vfio_iommu_unmap_unpin_reaccount()).
 */
static inline size_t type1_locked(const struct layout_vfio_dma *dma)
{
	return min_t(size_t, dma->locked_vm, dma->size >> PAGE_SHIFT);
}

/*
 * Whether a container has an IOMMU at all at this moment. Without one it is left alone: it may be
 * all that is left of VFIO by now, which lockdep would have to know for the lock.
 */
bool type1_has_iommu(const struct layout_vfio_container *container);

/*
 * Locks a container that has an IOMMU of type1, so that it keeps it, and with that the module stays
 * loaded. False: try again.
 */
bool type1_trylock_container(struct layout_vfio_container *container);
void type1_unlock_container(struct layout_vfio_container *container);

/* The IOMMU of a container that is locked. */
struct layout_vfio_iommu *type1_iommu(const struct layout_vfio_container *container);

/* Locks both: 0, or -EAGAIN. 0 with *iommu NULL: there is none, and nothing is locked. */
int type1_lock_both(struct layout_vfio_container *container, struct layout_vfio_iommu **iommu);
void type1_unlock_both(struct layout_vfio_container *container, struct layout_vfio_iommu *iommu);

/* What makes up the backend: look.c and lock.c. */
int type1_objects(void *self, u32 *id, struct object *batch, unsigned int nr, unsigned int *done);
int type1_areas(void *self, struct cursor *cursor, struct area *batch, unsigned int nr);
int type1_accesses(void *self, struct cursor *cursor, struct access *batch, unsigned int nr);
int type1_pinned(void *self, const struct stretch *stretch, unsigned long *pfns, unsigned int nr);
unsigned int type1_pinned_now(void *self, const struct pages *pages, unsigned long at,
			      unsigned long *pfns, unsigned int nr);
struct lockset_part *type1_part_alloc(void);
void type1_part_free(struct lockset_part *part);
int type1_lock(struct lockset_part *part, struct lockset_place *who);
void type1_unlock(struct lockset_part *part);
int type1_walk(struct lockset_part *part, bool detail, area_fn fn, void *arg);
size_t type1_give(struct lockset_part *part, const struct giving *giving);
void type1_set_owner(void *self, struct pages *pages, const struct owner *owner, bool privileged);
void type1_set_addr(void *self, struct pages *pages, unsigned long addr);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The structures of VFIO containers and of the type1 IOMMU driver. dmaown_layout.h has the members
 * that are used, at the offsets found in the BTF of the kernel being built for. The locks of those
 * members are VFIO's (kernel: drivers/vfio/container.c, group.c, vfio_main.c, vfio_iommu_type1.c):
 *
 * vfio_container.kref	keeps the struct, and nothing that it points to. The last reference frees
 *			it, and nothing else is left to release (vfio_container_release()).
 * vfio_container.iommu_driver, .iommu_data, .group_list
 *			group_lock. The driver's module and its data stay until the last group
 *			leaves the container, under the write side.
 * vfio_group.container_next
 *			group_lock of the container.
 * vfio_group.container_users
 *			group_lock of the group. It is 1, and one more for each open device.
 * vfio_group.device_list
 *			device_lock. Devices in it are registered, and so have a name.
 * vfio_iommu and everything in it
 *			its lock. VFIO takes it for all operations, from mapping to the pins of
 *			emulated devices. It drops the lock in between only to have emulated
 *			devices unpin a range before an unmap (vfio_notify_dma_unmap()), with
 *			everything in a consistent state, and looks the mapping up again
 *			afterwards.
 * other members of vfio_dma
 *			the same lock.
 *
 * VFIO takes the lock of a group, then that of the container, then that of the vfio_iommu. This
 * module only uses trylocks.
 */
#ifndef DMAOWN_TYPE1_PRIVATE_H
#define DMAOWN_TYPE1_PRIVATE_H

#include <linux/container_of.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/rwsem.h>
#include <linux/slab.h>

#include "backend.h"
#include "dmaown_layout.h"
#include "type1.h"

/* ID of the one address space of a container */
#define TYPE1_IOAS 1

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

/*
 * Find the first mapping that ends at or after an IOVA. Called under the lock of the vfio_iommu.
 * Return: the mapping, or NULL.
 */
struct layout_vfio_dma *dmaown_type1_dma_from(const struct layout_vfio_iommu *iommu, u64 iova);

/*
 * The pages that count as pinned: those that are charged, except pages that could not be uncharged
 * after the death of their owner and have been charged again since
 * (vfio_iommu_unmap_unpin_reaccount()).
 */
static inline size_t type1_locked(const struct layout_vfio_dma *dma)
{
	return min_t(size_t, dma->locked_vm, dma->size >> PAGE_SHIFT);
}

/*
 * Does a container have an IOMMU at this moment? Do not lock one without: VFIO may be unloaded by
 * now, and lockdep would need its lock class.
 */
bool dmaown_type1_has_iommu(const struct layout_vfio_container *container);

/*
 * Lock a container that has a type1 IOMMU. It keeps the IOMMU, and so the driver's module, until it
 * is unlocked. Return: false if it is busy, has no type1 IOMMU, or the module has no layout for it.
 */
bool dmaown_type1_trylock_container(struct layout_vfio_container *container);
void dmaown_type1_unlock_container(struct layout_vfio_container *container);

/* The IOMMU of a locked container. */
struct layout_vfio_iommu *dmaown_type1_iommu(const struct layout_vfio_container *container);

/*
 * Lock a container and its IOMMU. Return: 0; or -EAGAIN if one is locked. 0 with *iommu NULL: there
 * is no IOMMU, and nothing is locked.
 */
int dmaown_type1_lock_both(struct layout_vfio_container *container,
			   struct layout_vfio_iommu **iommu);
void dmaown_type1_unlock_both(struct layout_vfio_container *container,
			      struct layout_vfio_iommu *iommu);

/* The functions of the backend, in look.c and lock.c. */
int dmaown_type1_objects(void *self, u32 *id, struct object *batch, unsigned int nr,
			 unsigned int *done);
int dmaown_type1_areas(void *self, struct cursor *cursor, struct area *batch, unsigned int nr);
int dmaown_type1_accesses(void *self, struct cursor *cursor, struct access *batch, unsigned int nr);
int dmaown_type1_pinned(void *self, const struct stretch *stretch, unsigned long *pfns,
			unsigned int nr);
unsigned int dmaown_type1_pinned_now(void *self, const struct pages *pages, unsigned long at,
				     unsigned long *pfns, unsigned int nr);
struct lockset_part *dmaown_type1_part_alloc(void);
void dmaown_type1_part_free(struct lockset_part *part);
int dmaown_type1_lock(struct lockset_part *part, struct lockset_place *where);
void dmaown_type1_unlock(struct lockset_part *part);
int dmaown_type1_walk(struct lockset_part *part, bool detail, area_fn fn, void *arg);
size_t dmaown_type1_move_owners(struct lockset_part *part, const struct takeover *takeover);
void dmaown_type1_set_owner(void *self, struct pages *pages, const struct owner *owner,
			    bool privileged);
void dmaown_type1_set_addr(void *self, struct pages *pages, unsigned long addr);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iommufd's own structures, as dmaown_layout.h found them in the BTF of the kernel being built for:
 * the members that are used, at their places. What protects them is iommufd's affair; as far as we
 * touch them (kernel: drivers/iommu/iommufd/iommufd_private.h, io_pagetable.h, main.c, pages.c):
 *
 * iommufd_ctx.objects	its spinlock. An object that is found in it under the lock cannot go away
 *			before the lock is released: it is removed under the lock before it is
 *			destroyed.
 * iommufd_object.type, .id
 *			never change.
 * io_pagetable.area_itree, .access_list, and what hangs in them
 *			iova_rwsem.
 * iopt_area.pages	iova_rwsem. NULL while the area is set up or torn down, by a thread that
 *			holds domains_rwsem for reading; under the write side of domains_rwsem, NULL
 *			means that it is being set up and that nothing has been charged for it.
 * iopt_area: the rest	does not change while the area is in the tree; num_accesses: pages->mutex.
 * iopt_pages.source_*, .uptr
 *			change only under the write sides of both rwsems of every IOAS of the
 *			context, and while nobody but areas refers to the pages object. They are
 *			read under the read side of either, of any IOAS that has or had an area of
 *			the pages object.
 * iopt_pages.npinned, .last_npinned, .pinned_pfns, .domains_itree; iopt_area.storage_domain
 *			pages->mutex, which is only ever taken under one of the rwsems.
 * iommufd_device.dev, .igroup, iommufd_hwpt_paging.ioas, iommufd_hwpt_nested.parent
 *			do not change between the object's publication and its removal.
 */
#ifndef DMAOWN_IOMMUFD_PRIVATE_H
#define DMAOWN_IOMMUFD_PRIVATE_H

#include <linux/container_of.h>
#include <linux/interval_tree.h>
#include <linux/iommufd.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "dmaown_layout.h"
#include "../backend.h"

/* Constants of the kernel's own that are in no header, and enumerations that we show as our own. */
static_assert(DMAOWN_MODE_NONE == (int)LAYOUT_IOPT_PAGES_ACCOUNT_NONE);
static_assert(DMAOWN_MODE_USER == (int)LAYOUT_IOPT_PAGES_ACCOUNT_USER);
static_assert(DMAOWN_MODE_MM == (int)LAYOUT_IOPT_PAGES_ACCOUNT_MM);

static inline struct layout_iommufd_ctx *to_ctx(void *self)
{
	return self;
}

static inline struct layout_iommufd_ioas *to_ioas(struct layout_iommufd_object *obj)
{
	return container_of(obj, struct layout_iommufd_ioas, obj);
}

/*
 * A reference that a concurrent IOMMU_DESTROY waits for, and does not fail because of. Under the
 * lock of ctx->objects, in which the object is: so its own reference is still there.
 */
static inline void ioas_get(struct layout_iommufd_ioas *ioas)
{
	refcount_inc(&ioas->obj.wait_cnt);
}

/* wake_up_all(): the one who waits for it does so uninterruptibly (kernel: main.c, dec_wait). */
static inline void ioas_put(struct layout_iommufd_ctx *ctx, struct layout_iommufd_ioas *ioas)
{
	if (refcount_dec_and_test(&ioas->obj.wait_cnt))
		wake_up_all(&ctx->destroy_wait);
}

/* The next IOAS that is published, from *id on; NULL at the end. Under the lock of ctx->objects. */
struct layout_iommufd_ioas *next_ioas(struct layout_iommufd_ctx *ctx, u32 *id);

static inline struct layout_iopt_area *to_area(struct rb_node *rb)
{
	return rb ? container_of(rb, struct layout_iopt_area, node.rb) : NULL;
}

static inline enum dmaown_source pages_source(const struct layout_iopt_pages *pages)
{
#if LAYOUT_HAS_iopt_pages_type
	switch ((int)pages->type) {
	case LAYOUT_IOPT_ADDRESS_FILE:
		return DMAOWN_SOURCE_FILE;
	case LAYOUT_IOPT_ADDRESS_DMABUF:
		return DMAOWN_SOURCE_DMABUF;
	}
#endif
	return DMAOWN_SOURCE_ADDRESS;
}

/* Where a pages object starts: a user address, or an offset in the file or dma-buf. */
static inline u64 pages_start(const struct layout_iopt_pages *pages)
{
	switch (pages_source(pages)) {
#if LAYOUT_HAS_iopt_pages_type
	case DMAOWN_SOURCE_FILE:
		return pages->start;
	case DMAOWN_SOURCE_DMABUF:
		return pages->dmabuf_start;
#endif
	default:
		return (unsigned long)pages->uptr;
	}
}

/* How many bytes into its pages object an area starts. */
static inline unsigned long area_offset(const struct layout_iopt_area *area)
{
	return area->pages_node.start * PAGE_SIZE + area->page_offset;
}

/* What makes up the backend: look.c, pinned.c and lock.c. */
int iommufd_objects(void *self, u32 *id, struct object *batch, unsigned int nr,
		    unsigned int *done);
int iommufd_areas(void *self, struct cursor *cursor, struct area *batch, unsigned int nr);
int iommufd_accesses(void *self, struct cursor *cursor, struct access *batch, unsigned int nr);
int iommufd_pinned(void *self, const struct stretch *stretch, unsigned long *pfns, unsigned int nr);
struct lockset_part *iommufd_part_alloc(void);
void iommufd_part_free(struct lockset_part *part);
int iommufd_lock(struct lockset_part *part, struct lockset_place *who);
void iommufd_unlock(struct lockset_part *part);
int iommufd_walk(struct lockset_part *part, bool detail, area_fn fn, void *arg);
size_t iommufd_give(struct lockset_part *part, const struct giving *giving);
void iommufd_set_owner(void *self, struct pages *pages, const struct owner *owner, bool privileged);
void iommufd_set_addr(void *self, struct pages *pages, unsigned long addr);

#endif

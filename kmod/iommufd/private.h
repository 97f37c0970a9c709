/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iommufd's own structures. dmaown_layout.h has the members that are used, at the offsets found in
 * the BTF of the kernel being built for. The locks of those members are iommufd's (kernel:
 * drivers/iommu/iommufd/iommufd_private.h, io_pagetable.h, main.c, pages.c):
 *
 * iommufd_ctx.objects	its spinlock. An object that is found under the lock stays until the lock
 *			is dropped: it is removed under the lock before it is destroyed.
 * iommufd_object.type, .id
 *			never change.
 * io_pagetable.area_itree, .access_list, and the entries in them
 *			iova_rwsem.
 * iopt_area.pages	iova_rwsem. NULL while a thread that holds domains_rwsem for reading sets
 *			the area up or tears it down. Under the write side of domains_rwsem, NULL
 *			means that it is being set up and that nothing has been charged for it.
 * other members of iopt_area
 *			do not change while the area is in the tree, except num_accesses:
 *			pages->mutex.
 * iopt_pages.source_*, .uptr
 *			change only under the write sides of both rwsems of every IOAS of the
 *			context, and while only areas refer to the pages object. They are read
 *			under the read side of either, of any IOAS that has or had an area of the
 *			pages object.
 * iopt_pages.type, .file, .start
 *			do not change. The pages object has a reference on the file until it is
 *			freed, and an area has one on its pages object while iopt_area.pages is
 *			set.
 * iopt_pages.npinned, .last_npinned, .pinned_pfns, .domains_itree; iopt_area.storage_domain
 *			pages->mutex, which is taken only under one of the rwsems.
 * iommufd_device.dev, .igroup, iommufd_hwpt_paging.ioas, iommufd_hwpt_nested.parent
 *			do not change between the object's publication and its removal.
 */
#ifndef DMAOWN_IOMMUFD_PRIVATE_H
#define DMAOWN_IOMMUFD_PRIVATE_H

#include <linux/container_of.h>
#include <linux/fs.h>
#include <linux/interval_tree.h>
#include <linux/iommufd.h>
#include <linux/lockdep.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "backend.h"
#include "dmaown_layout.h"

/* Constants that are in no header of the kernel must be the same as ours. */
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
 * Take a reference for which a concurrent IOMMU_DESTROY waits, instead of failing. Called under the
 * lock of ctx->objects with the object in it, so that the object's own reference still exists.
 */
static inline void ioas_get(struct layout_iommufd_ctx *ctx, struct layout_iommufd_ioas *ioas)
{
	lockdep_assert_held(&ctx->objects.xa_lock);
	refcount_inc(&ioas->obj.wait_cnt);
}

/* wake_up_all(): the thread that waits does so uninterruptibly (kernel: main.c, dec_wait). */
static inline void ioas_put(struct layout_iommufd_ctx *ctx, struct layout_iommufd_ioas *ioas)
{
	if (refcount_dec_and_test(&ioas->obj.wait_cnt))
		wake_up_all(&ctx->destroy_wait);
}

/* Objects that are visited at a time under the spinlock of ctx->objects: there can be very many */
#define OBJECTS_VISITED 256

/*
 * Find the next published IOAS from *id on, and set *id to its ID. Each object that is visited
 * takes one of *steps. Called under the lock of ctx->objects. Return: the IOAS; or NULL: at the
 * end, or with *steps == 0, and then *id is the next one to visit.
 */
struct layout_iommufd_ioas *dmaown_iommufd_next_ioas(struct layout_iommufd_ctx *ctx, u32 *id,
						     unsigned int *steps);

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
#if LAYOUT_HAS_IOPT_ADDRESS_DMABUF
	case LAYOUT_IOPT_ADDRESS_DMABUF:
		return DMAOWN_SOURCE_DMABUF;
#endif
	}
#endif
	return DMAOWN_SOURCE_ADDRESS;
}

/*
 * The inode of the file that a pages object is mapped from; NULL if it has none, or is a dma-buf.
 */
static inline const struct inode *pages_inode(const struct layout_iopt_pages *pages)
{
#if LAYOUT_HAS_iopt_pages_type
	if (pages_source(pages) == DMAOWN_SOURCE_FILE)
		return file_inode(pages->file);
#endif
	return NULL;
}

/* The start of a pages object: a user address, or an offset in the file or dma-buf. */
static inline u64 pages_start(const struct layout_iopt_pages *pages)
{
	switch (pages_source(pages)) {
#if LAYOUT_HAS_iopt_pages_type
	case DMAOWN_SOURCE_FILE:
		return pages->start;
#endif
#if LAYOUT_HAS_iopt_pages_dmabuf_start
	case DMAOWN_SOURCE_DMABUF:
		return pages->dmabuf_start;
#endif
	default:
		return (unsigned long)pages->uptr;
	}
}

/* The offset of the first byte of an area in its pages object. */
static inline unsigned long area_offset(const struct layout_iopt_area *area)
{
	return area->pages_node.start * PAGE_SIZE + area->page_offset;
}

/* The functions of the backend, in look.c, pinned.c and lock.c. */
int dmaown_iommufd_objects(void *self, u32 *id, struct object *batch, unsigned int nr,
			   unsigned int *done);
int dmaown_iommufd_areas(void *self, struct cursor *cursor, struct area *batch, unsigned int nr);
int dmaown_iommufd_accesses(void *self, struct cursor *cursor, struct access *batch,
			    unsigned int nr);
int dmaown_iommufd_pinned(void *self, const struct stretch *stretch, unsigned long *pfns,
			  unsigned int nr);
struct lockset_part *dmaown_iommufd_part_alloc(void);
void dmaown_iommufd_part_free(struct lockset_part *part);
int dmaown_iommufd_lock(struct lockset_part *part, struct lockset_place *where);
void dmaown_iommufd_unlock(struct lockset_part *part);
int dmaown_iommufd_walk(struct lockset_part *part, bool detail, area_fn fn, void *arg);
size_t dmaown_iommufd_move_owners(struct lockset_part *part, const struct takeover *takeover);
void dmaown_iommufd_set_owner(void *self, struct pages *pages, const struct owner *owner,
			      bool privileged);
void dmaown_iommufd_set_addr(void *self, struct pages *pages, unsigned long addr);

#endif

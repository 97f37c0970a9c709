// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lock all IOASes of contexts, and change owners under the locks.
 *
 * iommufd reads the owner of a pages object under the read side of iova_rwsem, or, while it fills
 * and unfills domains, of domains_rwsem alone, of any IOAS that shows the pages object (kernel:
 * drivers/iommu/iommufd/io_pagetable.c, pages.c). So a change needs the write sides of both, of
 * every IOAS in the context. A thread can still work on a pages object outside of these IOASes:
 * IOMMU_IOAS_COPY between its source and an IOAS that was created meanwhile, or the destruction of
 * an IOAS that is no longer in ctx->objects. Each of them holds a reference on the pages object
 * that is not an area's. The caller counts the references, and leaves such a pages object alone
 * (locked_area.sharers).
 *
 * Every lock is taken with a trylock, and if one is not available, all are dropped: a thread that
 * attaches a device holds iova_rwsem while it faults memory in, which can take for ever. For the
 * same reason there is no lock order to keep, and no deadlock with iommufd's own nesting of these
 * locks.
 */
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "private.h"

/* Areas that are walked between two calls of cond_resched() */
#define WALK_STEPS 1024

struct locked_ioas {
	struct layout_iommufd_ioas *ioas;
	unsigned int context;
};

/* Some of the pages objects that a walk has seen. It fills one page of memory. */
struct seen_pages {
	struct seen_pages *next;
	unsigned int nr;
	struct layout_iopt_pages *pages[];
};

#define SEEN_ROOM ((PAGE_SIZE - sizeof(struct seen_pages)) / sizeof(struct layout_iopt_pages *))

struct iommufd_locks {
	struct lockset_part part;
	/* The number of locked entries, from the start of each array. */
	unsigned int creation_locked;
	unsigned int domains_locked;
	unsigned int iova_locked;
	/*
	 * IOASes on which this lockset holds a reference: those of the first context, by ID, then
	 * those of the second, and so on.
	 */
	struct locked_ioas *ioases;
	unsigned int ioases_nr;
	unsigned int ioases_room;
	/*
	 * The pages objects that the last walk has seen, except, in detail, those that are mapped
	 * by address. Valid while everything is locked. They are changed without another walk.
	 * Incomplete if memory was short.
	 */
	struct seen_pages *seen;
	bool seen_all;
	bool detail;
};

static struct iommufd_locks *ictx_locks(struct lockset_part *part)
{
	return container_of(part, struct iommufd_locks, part);
}

static struct layout_iommufd_ctx *ictx_at(const struct iommufd_locks *locks, unsigned int i)
{
	return to_ctx(locks->part.contexts[i].self);
}

static struct lockset_place ictx_place(const struct iommufd_locks *locks, unsigned int context,
				       u32 ioas)
{
	return (struct lockset_place){ locks->part.first + context, ioas };
}

/*
 * A process can have very many contexts and IOASes, so each lock may reschedule, and a caller that
 * is being killed takes no more. Return: 0, -EBUSY or -EINTR.
 */
static int ictx_trylock(struct iommufd_locks *locks, struct rw_semaphore *sem)
{
	lockdep_assert_held(locks->part.nest);
	if (fatal_signal_pending(current))
		return -EINTR;
	if (!down_write_trylock(sem))
		return -EBUSY;
	LOCK_NESTS(&locks->part, sem, false);
	cond_resched();
	return 0;
}

static int ictx_room_for_ioases(struct iommufd_locks *locks, unsigned int nr)
{
	struct locked_ioas *ioases;

	nr += nr / 8 + 4;
	ioases = kvmalloc_array(nr, sizeof(*ioases), GFP_KERNEL_ACCOUNT);
	if (!ioases)
		return -ENOMEM;
	kvfree(locks->ioases);
	locks->ioases = ioases;
	locks->ioases_room = nr;
	return 0;
}

void dmaown_iommufd_part_free(struct lockset_part *part)
{
	struct iommufd_locks *locks = ictx_locks(part);

	kvfree(locks->ioases);
	kfree(locks);
}

/* Make room for a few IOASes at once: most contexts have no more. */
struct lockset_part *dmaown_iommufd_part_alloc(void)
{
	struct iommufd_locks *locks = kzalloc(sizeof(*locks), GFP_KERNEL);

	if (!locks || !ictx_room_for_ioases(locks, 0))
		return locks ? &locks->part : NULL;
	dmaown_iommufd_part_free(&locks->part);
	return NULL;
}

/* A search through the IOASes of a context. */
struct ioas_search {
	unsigned int context;
	u32 id;			  /* where to continue */
	unsigned int nr;	  /* IOASes */
	bool compat_read;	  /* compat has been read */
	const void *compat;	  /* VFIO compatibility IOAS, until it is found */
	struct locked_ioas *next; /* of this context, or a later one */
	unsigned int missing;
};

/* Take references on some IOASes, as far as there is room. Return: true if there may be more. */
static bool ictx_get_some(struct iommufd_locks *locks, struct ioas_search *search)
{
	struct layout_iommufd_ctx *ctx = ictx_at(locks, search->context);
	unsigned int steps = OBJECTS_VISITED;
	struct layout_iommufd_ioas *ioas;

	xa_lock(&ctx->objects);
	if (!search->compat_read)
		search->compat = ctx->vfio_ioas;
	search->compat_read = true;
	for (; (ioas = dmaown_iommufd_next_ioas(ctx, &search->id, &steps)); search->id++) {
		search->nr++;
		if (ioas == search->compat)
			search->compat = NULL;
		if (locks->ioases_nr == locks->ioases_room)
			continue;
		ioas_get(ctx, ioas);
		locks->ioases[locks->ioases_nr].ioas = ioas;
		locks->ioases[locks->ioases_nr++].context = search->context;
	}
	xa_unlock(&ctx->objects);
	return !steps;
}

/*
 * Take references on all IOASes of a context, as far as there is room. *unpublished: a VFIO
 * compatibility IOAS is in use but not yet published in ctx->objects. An IOAS that is created
 * meanwhile may be left out: ictx_count_missing() finds it. Return: the number of IOASes.
 */
static unsigned int ictx_get_ioases(struct iommufd_locks *locks, unsigned int context,
				    bool *unpublished)
{
	struct ioas_search search = { .context = context };

	while (ictx_get_some(locks, &search) && !fatal_signal_pending(current))
		cond_resched();
	*unpublished = search.compat;
	return search.nr;
}

static void ictx_put_ioases(struct iommufd_locks *locks)
{
	while (locks->ioases_nr) {
		struct locked_ioas *locked = &locks->ioases[--locks->ioases_nr];

		ioas_put(ictx_at(locks, locked->context), locked->ioas);
		cond_resched();
	}
}

/* Drop the locks in reverse order. */
static void ictx_unlock_all(struct iommufd_locks *locks)
{
	lockdep_assert_held(locks->part.nest);
	while (locks->iova_locked) {
		up_write(&locks->ioases[--locks->iova_locked].ioas->iopt.iova_rwsem);
		cond_resched();
	}
	while (locks->domains_locked) {
		up_write(&locks->ioases[--locks->domains_locked].ioas->iopt.domains_rwsem);
		cond_resched();
	}
#if LAYOUT_HAS_iommufd_ctx_ioas_creation_lock
	while (locks->creation_locked) {
		up_write(&ictx_at(locks, --locks->creation_locked)->ioas_creation_lock);
		cond_resched();
	}
#endif
}

/*
 * Keep the kernel's IOMMU_IOAS_CHANGE_PROCESS and new IOASes out of the contexts. Return: as
 * ictx_trylock().
 */
static int ictx_lock_creation(struct iommufd_locks *locks, struct lockset_place *where)
{
#if LAYOUT_HAS_iommufd_ctx_ioas_creation_lock
	int ret;

	for (; locks->creation_locked < locks->part.nr; locks->creation_locked++) {
		struct layout_iommufd_ctx *ctx = ictx_at(locks, locks->creation_locked);

		*where = ictx_place(locks, locks->creation_locked, 0);
		ret = ictx_trylock(locks, &ctx->ioas_creation_lock);
		if (ret)
			return ret;
	}
#endif
	return 0;
}

/* Return: as ictx_trylock(). */
static int ictx_lock_ioases(struct iommufd_locks *locks, struct lockset_place *where)
{
	struct locked_ioas *locked;
	int ret;

	for (; locks->domains_locked < locks->ioases_nr; locks->domains_locked++) {
		locked = &locks->ioases[locks->domains_locked];
		*where = ictx_place(locks, locked->context, locked->ioas->obj.id);
		ret = ictx_trylock(locks, &locked->ioas->iopt.domains_rwsem);
		if (ret)
			return ret;
	}
	for (; locks->iova_locked < locks->ioases_nr; locks->iova_locked++) {
		locked = &locks->ioases[locks->iova_locked];
		*where = ictx_place(locks, locked->context, locked->ioas->obj.id);
		ret = ictx_trylock(locks, &locked->ioas->iopt.iova_rwsem);
		if (ret)
			return ret;
	}
	return 0;
}

/* Is this the next IOAS in the set? The set is sorted by context and ID. */
static bool ictx_is_next(const struct iommufd_locks *locks, struct ioas_search *search,
			 const struct layout_iommufd_ioas *ioas)
{
	const struct locked_ioas *end = locks->ioases + locks->ioases_nr;

	while (search->next < end && search->next->context == search->context &&
	       search->next->ioas->obj.id < search->id)
		search->next++;
	return search->next < end && search->next->context == search->context &&
	       search->next->ioas == ioas;
}

/* Count some IOASes. Return: true if there may be more. */
static bool ictx_count_some(struct iommufd_locks *locks, struct ioas_search *search)
{
	struct layout_iommufd_ctx *ctx = ictx_at(locks, search->context);
	unsigned int steps = OBJECTS_VISITED;
	struct layout_iommufd_ioas *ioas;

	xa_lock(&ctx->objects);
	for (; (ioas = dmaown_iommufd_next_ioas(ctx, &search->id, &steps)); search->id++)
		search->missing += !ictx_is_next(locks, search, ioas);
	xa_unlock(&ctx->objects);
	return !steps;
}

/*
 * Count the IOASes that are not in the set. An IOAS that was created after ictx_get_ioases() may
 * have a copy of an area that has disappeared from a locked one: it exists from before the locks
 * were taken, so it is found. An IOAS that is created during the count can copy only from such an
 * IOAS. An IOAS that is being destroyed waits for the reference. Return: their number, or -EINTR.
 */
static int ictx_count_missing(struct iommufd_locks *locks)
{
	struct ioas_search search = { .next = locks->ioases };
	const struct locked_ioas *end = locks->ioases + locks->ioases_nr;

	for (; search.context < locks->part.nr; search.context++) {
		search.id = 0;
		while (search.next < end && search.next->context < search.context)
			search.next++;
		while (ictx_count_some(locks, &search) && !fatal_signal_pending(current))
			cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return min(search.missing, INT_MAX);
}

static void ictx_forget_seen(struct iommufd_locks *locks)
{
	struct seen_pages *seen;

	while ((seen = locks->seen)) {
		locks->seen = seen->next;
		kfree(seen);
		cond_resched();
	}
	locks->seen_all = true;
}

void dmaown_iommufd_unlock(struct lockset_part *part)
{
	struct iommufd_locks *locks = ictx_locks(part);

	ictx_unlock_all(locks);
	ictx_forget_seen(locks);
	ictx_put_ioases(locks);
}

/*
 * Take references on all IOASes of all contexts. Return: 0; -EAGAIN if there are more than there is
 * room for, and *nr is their number; -EBUSY; or -EINTR.
 */
static int ictx_get_all_ioases(struct iommufd_locks *locks, struct lockset_place *where,
			       unsigned int *nr)
{
	bool unpublished;
	unsigned int i;

	*nr = 0;
	for (i = 0; i < locks->part.nr; i++) {
		*nr += ictx_get_ioases(locks, i, &unpublished);
		if (unpublished) {
			*where = ictx_place(locks, i, 0);
			return -EBUSY;
		}
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return *nr > locks->ioases_nr ? -EAGAIN : 0;
}

int dmaown_iommufd_lock(struct lockset_part *part, struct lockset_place *where)
{
	struct iommufd_locks *locks = ictx_locks(part);
	unsigned int nr = 0;
	int ret;

	ret = ictx_lock_creation(locks, where);
	if (!ret)
		ret = ictx_get_all_ioases(locks, where, &nr);
	if (!ret)
		ret = ictx_lock_ioases(locks, where);
	if (!ret)
		ret = ictx_count_missing(locks);
	if (!ret)
		return 0;
	if (ret > 0) {
		nr += ret;
		ret = -EAGAIN;
	}
	dmaown_iommufd_unlock(part);
	if (ret == -EAGAIN && nr > locks->ioases_room && ictx_room_for_ioases(locks, nr))
		return -ENOMEM;
	return ret;
}

static struct owner ictx_owner_of(const struct layout_iopt_pages *pages)
{
	return (struct owner){ pages->source_task, pages->source_mm, pages->source_user };
}

static bool ictx_is_owner(const struct owner *owner, const struct layout_iopt_pages *pages)
{
	return owner->task == pages->source_task && owner->mm == pages->source_mm &&
	       owner->user == pages->source_user;
}

static bool ictx_is_by_address(const struct layout_iopt_pages *pages)
{
	return pages_source(pages) == DMAOWN_SOURCE_ADDRESS;
}

static void ictx_view_area(struct locked_area *view, const struct layout_iopt_area *area)
{
	struct layout_iopt_pages *pages = area->pages;

	view->nr = 1;
	view->iova = area->node.start;
	view->last = area->node.last;
	view->pages = (struct pages *)pages;
	if (!pages)
		return;

	view->sharers = kref_read(&pages->kref);
	view->source = pages_source(pages);
	view->writable = pages->writable;
	view->mode = pages->account_mode;
	view->addr = view->source == DMAOWN_SOURCE_ADDRESS ? (unsigned long)pages->uptr : 0;
	view->npages = pages->npages;
	view->offset = area_offset(area);
	view->npinned = pages->npinned;
	view->charged = pages->last_npinned;
	view->owner = ictx_owner_of(pages);
}

/*
 * Walk the areas of a locked IOAS in the order of IOVAs. rb_next() would climb up again from each
 * node. A red-black tree of 2^n nodes is at most 2n high.
 */
struct area_walk {
	struct rb_node *path[2 * BITS_PER_TYPE(u32)];
	unsigned int depth;
};

static void area_walk_descend(struct area_walk *walk, struct rb_node *node)
{
	for (; node; node = node->rb_left)
		walk->path[walk->depth++] = node;
}

static void area_walk_begin(struct area_walk *walk, const struct layout_iommufd_ioas *ioas)
{
	walk->depth = 0;
	area_walk_descend(walk, ioas->iopt.area_itree.rb_root.rb_node);
}

static struct layout_iopt_area *area_walk_next(struct area_walk *walk)
{
	struct rb_node *node;

	if (!walk->depth)
		return NULL;
	node = walk->path[--walk->depth];
	area_walk_descend(walk, node->rb_right);
	return to_area(node);
}

/* Count areas, and call cond_resched() after every WALK_STEPS. */
static void ictx_steps_add(unsigned int *steps, unsigned int nr)
{
	unsigned int before = *steps;

	*steps += nr;
	if (before / WALK_STEPS != *steps / WALK_STEPS)
		cond_resched();
}

static void ictx_step(unsigned int *steps)
{
	ictx_steps_add(steps, 1);
}

/* Other threads wait for the locks: do without memory that is not available at once. */
static bool ictx_room_for_seen(struct iommufd_locks *locks)
{
	struct seen_pages *seen = NULL;

	if (locks->seen_all)
		seen = kmalloc(PAGE_SIZE, GFP_NOWAIT | __GFP_NOWARN | __GFP_ACCOUNT);
	if (!seen) {
		locks->seen_all = false;
		return false;
	}
	seen->next = locks->seen;
	seen->nr = 0;
	locks->seen = seen;
	return true;
}

static void ictx_add_seen(struct iommufd_locks *locks, struct layout_iopt_pages *pages)
{
	if ((locks->seen && locks->seen->nr < SEEN_ROOM) || ictx_room_for_seen(locks))
		locks->seen->pages[locks->seen->nr++] = pages;
}

/* Can this view be extended by the areas after it? */
static bool ictx_may_extend(const struct iommufd_locks *locks, const struct locked_area *view)
{
	return view->pages && view->sharers == 1 &&
	       (!locks->detail || view->source != DMAOWN_SOURCE_ADDRESS);
}

/* Does a pages object follow directly on those of a view in the owner's address space? */
static bool ictx_follows(const struct locked_area *view, const struct layout_iopt_pages *pages)
{
	return ictx_is_by_address(pages) && view->writable == pages->writable &&
	       area_continues(view, (unsigned long)pages->uptr);
}

static bool ictx_extends(const struct locked_area *view, const struct layout_iopt_pages *pages,
			 bool by_address)
{
	return pages && (by_address ? ictx_follows(view, pages) : !ictx_is_by_address(pages)) &&
	       kref_read(&pages->kref) == 1 && view->mode == pages->account_mode &&
	       ictx_is_owner(&view->owner, pages);
}

/*
 * Extend a view by the similar areas that follow it, at most WALK_STEPS of them. Return: the first
 * area that is not part of the view, or NULL.
 */
static struct layout_iopt_area *ictx_extend_view(struct iommufd_locks *locks,
						 struct locked_area *view, struct area_walk *walk,
						 unsigned int *steps)
{
	struct layout_iopt_area *area = area_walk_next(walk);
	bool by_address = view->source == DMAOWN_SOURCE_ADDRESS;
	size_t npinned = 0, charged = 0;
	unsigned int nr = 0;

	if (!ictx_may_extend(locks, view))
		return area;
	for (; area && nr < WALK_STEPS && ictx_extends(view, area->pages, by_address);
	     area = area_walk_next(walk)) {
		nr++;
		if (by_address)
			view->npages += area->pages->npages;
		npinned += area->pages->npinned;
		charged += area->pages->last_npinned;
		ictx_add_seen(locks, area->pages);
	}
	ictx_steps_add(steps, nr);
	view->nr += nr;
	view->npinned += npinned;
	view->charged += charged;
	return area;
}

/* Walk one IOAS. *steps counts the areas of all IOASes. */
static int ictx_walk_ioas(struct iommufd_locks *locks, const struct layout_iommufd_ioas *ioas,
			  struct locked_area *view, unsigned int *steps, area_fn fn, void *arg)
{
	struct layout_iopt_area *area;
	struct area_walk walk;
	int ret = 0;

	lockdep_assert_held_write(&ioas->iopt.domains_rwsem);
	lockdep_assert_held_write(&ioas->iopt.iova_rwsem);
	area_walk_begin(&walk, ioas);
	area = area_walk_next(&walk);
	while (area && !ret) {
		ictx_view_area(view, area);
		if (area->pages && !(locks->detail && ictx_is_by_address(area->pages)))
			ictx_add_seen(locks, area->pages);
		area = ictx_extend_view(locks, view, &walk, steps);
		ret = fn(view, arg);
		ictx_step(steps);
		if (fatal_signal_pending(current))
			ret = ret ?: -EINTR;
	}
	return ret;
}

int dmaown_iommufd_walk(struct lockset_part *part, bool detail, area_fn fn, void *arg)
{
	struct iommufd_locks *locks = ictx_locks(part);
	struct locked_area view = {};
	unsigned int steps = 0;
	unsigned int i;
	int ret = 0;

	ictx_forget_seen(locks);
	locks->detail = detail;
	for (i = 0; i < locks->ioases_nr && !ret; i++) {
		struct layout_iommufd_ioas *ioas = locks->ioases[i].ioas;

		view.place = ictx_place(locks, locks->ioases[i].context, ioas->obj.id);
		ret = ictx_walk_ioas(locks, ioas, &view, &steps, fn, arg);
	}
	return ret;
}

/* Caches the last answer of takes(): neighbours usually share an owner. */
struct takes_cache {
	const struct takeover *takeover;
	struct owner owner; /* only to be compared */
	bool takes;
};

static bool ictx_takes(struct takes_cache *cache, const struct layout_iopt_pages *pages)
{
	if (!ictx_is_owner(&cache->owner, pages)) {
		cache->owner = ictx_owner_of(pages);
		cache->takes = cache->takeover->takes(&cache->owner, cache->takeover->arg);
	}
	return cache->takes;
}

static void ictx_set_owner(struct layout_iopt_pages *pages, const struct owner *owner)
{
	pages->source_task = owner->task;
	pages->source_mm = owner->mm;
	pages->source_user = owner->user;
	pages->last_npinned = pages->npinned;
}

/* Move one pages object if takes() selects its owner. Return: 1 if it was moved, else 0. */
static unsigned int ictx_move(struct takes_cache *cache, struct layout_iopt_pages *pages)
{
	if (!ictx_takes(cache, pages))
		return 0;
	ictx_set_owner(pages, cache->takeover->to);
	return 1;
}

static size_t ictx_move_seen(const struct iommufd_locks *locks, struct takes_cache *cache)
{
	const struct seen_pages *seen;
	unsigned int i, steps = 0;
	size_t nr = 0;

	lockdep_assert_held(locks->part.nest);
	for (seen = locks->seen; seen; seen = seen->next) {
		for (i = 0; i < seen->nr; i++) {
			nr += ictx_move(cache, seen->pages[i]);
			ictx_step(&steps);
		}
	}
	return nr;
}

static size_t ictx_move_all(const struct iommufd_locks *locks, struct takes_cache *cache)
{
	struct layout_iopt_area *area;
	unsigned int i, steps = 0;
	struct area_walk walk;
	size_t nr = 0;

	lockdep_assert_held(locks->part.nest);
	for (i = 0; i < locks->ioases_nr; i++) {
		area_walk_begin(&walk, locks->ioases[i].ioas);
		while ((area = area_walk_next(&walk))) {
			if (cache->takeover->by_address || !ictx_is_by_address(area->pages))
				nr += ictx_move(cache, area->pages);
			ictx_step(&steps);
		}
	}
	return nr;
}

size_t dmaown_iommufd_move_owners(struct lockset_part *part, const struct takeover *takeover)
{
	const struct iommufd_locks *locks = ictx_locks(part);
	struct takes_cache cache = { .takeover = takeover };

	return locks->seen_all ? ictx_move_seen(locks, &cache) : ictx_move_all(locks, &cache);
}

void dmaown_iommufd_set_owner(void *self, struct pages *opaque, const struct owner *owner,
			      bool privileged)
{
	ictx_set_owner((struct layout_iopt_pages *)opaque, owner);
}

void dmaown_iommufd_set_addr(void *self, struct pages *opaque, unsigned long addr)
{
	((struct layout_iopt_pages *)opaque)->uptr = (void *)addr;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holding all IOASes of some contexts still, and changing owners meanwhile.
 *
 * iommufd reads the owner of a pages object under the read side of iova_rwsem, or, while it fills
 * and unfills domains, of domains_rwsem alone, of whichever IOAS shows the pages object (kernel:
 * drivers/iommu/iommufd/io_pagetable.c, pages.c). So it takes the write sides of both, of every
 * IOAS in the context, to change one. What is then still about is a thread that works on a pages
 * object outside of these IOASes: IOMMU_IOAS_COPY between its source and an IOAS that came
 * meanwhile, or the destruction of an IOAS that is no longer in ctx->objects. Each holds a
 * reference on the pages object that is not an area's; the caller counts, and leaves such a pages
 * object alone (locked_area.sharers).
 *
 * Every lock is taken with a trylock, and if one is not to be had, all are given back: a thread
 * that attaches a device holds iova_rwsem while it faults memory in, and that may take for ever.
 * For the same reason there is no lock order to keep, and no deadlock with iommufd's own nesting of
 * these locks.
 */
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "private.h"

/* How many areas are walked before others get the processor. */
#define WALK_STEPS	1024

struct locked_ioas {
	struct layout_iommufd_ioas *ioas;
	unsigned int context;
};

struct lockset {
	/* Never contended: it is what lockdep is told that the many locks nest in. */
	struct mutex nest;
	struct layout_iommufd_ctx **contexts;
	unsigned int contexts_nr;
	/* How many, from the start of each array, are locked. */
	unsigned int creation_locked;
	unsigned int domains_locked;
	unsigned int iova_locked;
	/*
	 * IOASes on which we hold a reference: those of contexts[0], by ID, then of contexts[1] …
	 */
	struct locked_ioas *ioases;
	unsigned int ioases_nr;
	unsigned int ioases_room;
};

/*
 * A lock of a class of which many are held at once. lockdep would run out of entries at 48 held
 * locks; so it is told that they nest in a mutex, which lets it count them as one (up to 2,047 of
 * them).
 */
static bool trylock_nested(struct lockset *set, struct rw_semaphore *sem)
{
	if (!down_write_trylock(sem))
		return false;
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	rwsem_release(&sem->dep_map, _THIS_IP_);
	rwsem_acquire_nest(&sem->dep_map, 0, 1, &set->nest.dep_map, _THIS_IP_);
#endif
	return true;
}

struct lockset *lockset_alloc(struct iommufd_ctx **contexts, unsigned int nr)
{
	struct lockset *set = kzalloc(sizeof(*set), GFP_KERNEL);

	if (!set)
		return ERR_PTR(-ENOMEM);
	mutex_init(&set->nest);
	set->contexts = (struct layout_iommufd_ctx **)contexts;
	set->contexts_nr = nr;
	return set;
}

void lockset_free(struct lockset *set)
{
	kvfree(set->ioases);
	mutex_destroy(&set->nest);
	kfree(set);
}

static int room_for_ioases(struct lockset *set, unsigned int nr)
{
	struct locked_ioas *ioases;

	nr += nr / 8 + 4;
	ioases = kvmalloc_array(nr, sizeof(*ioases), GFP_KERNEL_ACCOUNT);
	if (!ioases)
		return -ENOMEM;
	kvfree(set->ioases);
	set->ioases = ioases;
	set->ioases_room = nr;
	return 0;
}

/*
 * References on all IOASes of a context, as far as there is room; returns how many there are. A
 * VFIO compatibility IOAS can be used a moment before it is published in ctx->objects: *unpublished
 * says so.
 */
static unsigned int get_ioases(struct lockset *set, unsigned int context, bool *unpublished)
{
	struct layout_iommufd_ctx *ctx = set->contexts[context];
	const void *compat;
	struct layout_iommufd_ioas *ioas;
	unsigned int nr = 0;
	u32 id = 0;

	xa_lock(&ctx->objects);
	compat = ctx->vfio_ioas;
	for (; (ioas = next_ioas(ctx, &id)); id++) {
		nr++;
		if (ioas == compat)
			compat = NULL;
		if (set->ioases_nr == set->ioases_room)
			continue;
		ioas_get(ioas);
		set->ioases[set->ioases_nr].ioas = ioas;
		set->ioases[set->ioases_nr++].context = context;
	}
	xa_unlock(&ctx->objects);
	*unpublished = compat;
	return nr;
}

static void put_ioases(struct lockset *set)
{
	while (set->ioases_nr) {
		struct locked_ioas *last = &set->ioases[--set->ioases_nr];

		ioas_put(set->contexts[last->context], last->ioas);
	}
}

/* Gives back what is locked, in reverse order. */
static void unlock_all(struct lockset *set)
{
	while (set->iova_locked)
		up_write(&set->ioases[--set->iova_locked].ioas->iopt.iova_rwsem);
	while (set->domains_locked)
		up_write(&set->ioases[--set->domains_locked].ioas->iopt.domains_rwsem);
#if LAYOUT_HAS_iommufd_ctx_ioas_creation_lock
	while (set->creation_locked)
		up_write(&set->contexts[--set->creation_locked]->ioas_creation_lock);
#endif
}

/* Keeps the kernel's own IOMMU_IOAS_CHANGE_PROCESS, and new IOASes, out of the contexts. */
static bool lock_creation(struct lockset *set, struct lockset_place *who)
{
#if LAYOUT_HAS_iommufd_ctx_ioas_creation_lock
	for (; set->creation_locked < set->contexts_nr; set->creation_locked++) {
		who->context = set->creation_locked;
		who->ioas = 0;
		if (!trylock_nested(set, &set->contexts[set->creation_locked]->ioas_creation_lock))
			return false;
	}
#endif
	return true;
}

static bool lock_ioases(struct lockset *set, struct lockset_place *who)
{
	struct locked_ioas *locked;

	for (; set->domains_locked < set->ioases_nr; set->domains_locked++) {
		locked = &set->ioases[set->domains_locked];
		*who = (struct lockset_place){ locked->context, locked->ioas->obj.id };
		if (!trylock_nested(set, &locked->ioas->iopt.domains_rwsem))
			return false;
	}
	for (; set->iova_locked < set->ioases_nr; set->iova_locked++) {
		locked = &set->ioases[set->iova_locked];
		*who = (struct lockset_place){ locked->context, locked->ioas->obj.id };
		if (!trylock_nested(set, &locked->ioas->iopt.iova_rwsem))
			return false;
	}
	return true;
}

/*
 * How many IOASes of a context, by now, are not in the set. One that came after get_ioases() may
 * have got a copy of an area that has gone from where it would have been seen. One that goes now
 * waits for us.
 */
static unsigned int count_missing(struct lockset *set, unsigned int context)
{
	struct layout_iommufd_ctx *ctx = set->contexts[context];
	const struct locked_ioas *locked = set->ioases;
	const struct locked_ioas *end = locked + set->ioases_nr;
	struct layout_iommufd_ioas *ioas;
	unsigned int missing = 0;
	u32 id = 0;

	while (locked < end && locked->context != context)
		locked++;
	xa_lock(&ctx->objects);
	for (; (ioas = next_ioas(ctx, &id)); id++) {
		while (locked < end && locked->context == context && locked->ioas->obj.id < id)
			locked++;
		missing += locked == end || locked->context != context || locked->ioas != ioas;
	}
	xa_unlock(&ctx->objects);
	return missing;
}

void lockset_unlock(struct lockset *set)
{
	unlock_all(set);
	put_ioases(set);
	mutex_unlock(&set->nest);
}

/* References on all IOASes. -EAGAIN: *nr is how many there are, more than there is room for. */
static int get_all(struct lockset *set, struct lockset_place *who, unsigned int *nr)
{
	bool unpublished;
	unsigned int i;

	*nr = 0;
	for (i = 0; i < set->contexts_nr; i++) {
		*nr += get_ioases(set, i, &unpublished);
		if (unpublished) {
			*who = (struct lockset_place){ .context = i };
			return -EBUSY;
		}
	}
	return *nr > set->ioases_nr ? -EAGAIN : 0;
}

int lockset_lock(struct lockset *set, struct lockset_place *who)
{
	unsigned int i, nr = 0;
	int ret = -EBUSY;

	mutex_lock(&set->nest);
	if (!lock_creation(set, who))
		goto out;
	ret = get_all(set, who, &nr);
	if (ret)
		goto out;
	ret = -EBUSY;
	if (!lock_ioases(set, who))
		goto out;
	for (i = 0; i < set->contexts_nr; i++)
		nr += count_missing(set, i);
	if (nr == set->ioases_nr)
		return 0;
	ret = -EAGAIN;
out:
	lockset_unlock(set);
	if (ret == -EAGAIN && nr > set->ioases_room && room_for_ioases(set, nr))
		return -ENOMEM;
	return ret;
}

static void view_area(struct locked_area *view, const struct layout_iopt_area *area)
{
	struct layout_iopt_pages *pages = area->pages;

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
	view->owner.task = pages->source_task;
	view->owner.mm = pages->source_mm;
	view->owner.user = pages->source_user;
}

/* One IOAS; *steps counts areas through all of them. */
static int walk_ioas(struct layout_iommufd_ioas *ioas, struct locked_area *view,
		     unsigned int *steps, int (*fn)(const struct locked_area *area, void *arg),
		     void *arg)
{
	struct layout_iopt_area *area = to_area(rb_first_cached(&ioas->iopt.area_itree));
	int ret;

	for (; area; area = to_area(rb_next(&area->node.rb))) {
		view_area(view, area);
		ret = fn(view, arg);
		if (ret)
			return ret;
		if (++*steps % WALK_STEPS)
			continue;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

int lockset_walk(struct lockset *set, int (*fn)(const struct locked_area *area, void *arg),
		 void *arg)
{
	struct locked_area view = {};
	unsigned int steps = 0;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < set->ioases_nr && !ret; i++) {
		struct layout_iommufd_ioas *ioas = set->ioases[i].ioas;

		view.place = (struct lockset_place){ set->ioases[i].context, ioas->obj.id };
		ret = walk_ioas(ioas, &view, &steps, fn, arg);
	}
	return ret;
}

void pages_set_owner(struct pages *opaque, const struct owner *owner)
{
	struct layout_iopt_pages *pages = (struct layout_iopt_pages *)opaque;

	pages->source_task = owner->task;
	pages->source_mm = owner->mm;
	pages->source_user = owner->user;
	pages->last_npinned = pages->npinned;
}

void pages_set_addr(struct pages *opaque, unsigned long addr)
{
	((struct layout_iopt_pages *)opaque)->uptr = (void *)addr;
}

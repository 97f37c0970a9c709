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

/* Some of the pages objects that a walk met; a page of memory. */
struct met {
	struct met *next;
	unsigned int nr;
	struct layout_iopt_pages *pages[];
};

#define MET_ROOM	((PAGE_SIZE - sizeof(struct met)) / sizeof(struct layout_iopt_pages *))

struct iommufd_locks {
	struct lockset_part part;
	/* How many, from the start of each array, are locked. */
	unsigned int creation_locked;
	unsigned int domains_locked;
	unsigned int iova_locked;
	/*
	 * IOASes on which we hold a reference: those of the first context, by ID, then of the
	 * second …
	 */
	struct locked_ioas *ioases;
	unsigned int ioases_nr;
	unsigned int ioases_room;
	/*
	 * What the last walk met, as long as all is locked (in detail: but for what is mapped by
	 * address): to change it without going through the areas once more. Not all of it if memory
	 * was short.
	 */
	struct met *met;
	bool met_all;
	bool detail;
};

static struct iommufd_locks *to_locks(struct lockset_part *part)
{
	return container_of(part, struct iommufd_locks, part);
}

static struct layout_iommufd_ctx *ctx_at(const struct iommufd_locks *locks, unsigned int i)
{
	return to_ctx(locks->part.contexts[i].self);
}

static struct lockset_place place_of(const struct iommufd_locks *locks, unsigned int context,
				     u32 ioas)
{
	return (struct lockset_place){ locks->part.first + context, ioas };
}

static bool trylock_nested(struct iommufd_locks *locks, struct rw_semaphore *sem)
{
	if (!down_write_trylock(sem))
		return false;
	LOCK_NESTS(&locks->part, sem, false);
	return true;
}

struct lockset_part *iommufd_part_alloc(void)
{
	struct iommufd_locks *locks = kzalloc(sizeof(*locks), GFP_KERNEL);

	return locks ? &locks->part : NULL;
}

void iommufd_part_free(struct lockset_part *part)
{
	struct iommufd_locks *locks = to_locks(part);

	kvfree(locks->ioases);
	kfree(locks);
}

static int room_for_ioases(struct iommufd_locks *locks, unsigned int nr)
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

/*
 * References on all IOASes of a context, as far as there is room; returns how many there are. A
 * VFIO compatibility IOAS can be used a moment before it is published in ctx->objects: *unpublished
 * says so.
 */
static unsigned int get_ioases(struct iommufd_locks *locks, unsigned int context, bool *unpublished)
{
	struct layout_iommufd_ctx *ctx = ctx_at(locks, context);
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
		if (locks->ioases_nr == locks->ioases_room)
			continue;
		ioas_get(ioas);
		locks->ioases[locks->ioases_nr].ioas = ioas;
		locks->ioases[locks->ioases_nr++].context = context;
	}
	xa_unlock(&ctx->objects);
	*unpublished = compat;
	return nr;
}

static void put_ioases(struct iommufd_locks *locks)
{
	while (locks->ioases_nr) {
		struct locked_ioas *last = &locks->ioases[--locks->ioases_nr];

		ioas_put(ctx_at(locks, last->context), last->ioas);
	}
}

/* Gives back what is locked, in reverse order. */
static void unlock_all(struct iommufd_locks *locks)
{
	while (locks->iova_locked)
		up_write(&locks->ioases[--locks->iova_locked].ioas->iopt.iova_rwsem);
	while (locks->domains_locked)
		up_write(&locks->ioases[--locks->domains_locked].ioas->iopt.domains_rwsem);
#if LAYOUT_HAS_iommufd_ctx_ioas_creation_lock
	while (locks->creation_locked)
		up_write(&ctx_at(locks, --locks->creation_locked)->ioas_creation_lock);
#endif
}

/* Keeps the kernel's own IOMMU_IOAS_CHANGE_PROCESS, and new IOASes, out of the contexts. */
static bool lock_creation(struct iommufd_locks *locks, struct lockset_place *who)
{
#if LAYOUT_HAS_iommufd_ctx_ioas_creation_lock
	for (; locks->creation_locked < locks->part.nr; locks->creation_locked++) {
		struct layout_iommufd_ctx *ctx = ctx_at(locks, locks->creation_locked);

		*who = place_of(locks, locks->creation_locked, 0);
		if (!trylock_nested(locks, &ctx->ioas_creation_lock))
			return false;
	}
#endif
	return true;
}

static bool lock_ioases(struct iommufd_locks *locks, struct lockset_place *who)
{
	struct locked_ioas *locked;

	for (; locks->domains_locked < locks->ioases_nr; locks->domains_locked++) {
		locked = &locks->ioases[locks->domains_locked];
		*who = place_of(locks, locked->context, locked->ioas->obj.id);
		if (!trylock_nested(locks, &locked->ioas->iopt.domains_rwsem))
			return false;
	}
	for (; locks->iova_locked < locks->ioases_nr; locks->iova_locked++) {
		locked = &locks->ioases[locks->iova_locked];
		*who = place_of(locks, locked->context, locked->ioas->obj.id);
		if (!trylock_nested(locks, &locked->ioas->iopt.iova_rwsem))
			return false;
	}
	return true;
}

/*
 * How many IOASes of a context, by now, are not in the set. One that came after get_ioases() may
 * have got a copy of an area that has gone from where it would have been seen. One that goes now
 * waits for us.
 */
static unsigned int count_missing(struct iommufd_locks *locks, unsigned int context)
{
	struct layout_iommufd_ctx *ctx = ctx_at(locks, context);
	const struct locked_ioas *locked = locks->ioases;
	const struct locked_ioas *end = locked + locks->ioases_nr;
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

static void forget_met(struct iommufd_locks *locks)
{
	struct met *met;

	while ((met = locks->met)) {
		locks->met = met->next;
		kfree(met);
	}
	locks->met_all = true;
}

void iommufd_unlock(struct lockset_part *part)
{
	struct iommufd_locks *locks = to_locks(part);

	unlock_all(locks);
	forget_met(locks);
	put_ioases(locks);
}

/* References on all IOASes. -EAGAIN: *nr is how many there are, more than there is room for. */
static int get_all(struct iommufd_locks *locks, struct lockset_place *who, unsigned int *nr)
{
	bool unpublished;
	unsigned int i;

	*nr = 0;
	for (i = 0; i < locks->part.nr; i++) {
		*nr += get_ioases(locks, i, &unpublished);
		if (unpublished) {
			*who = place_of(locks, i, 0);
			return -EBUSY;
		}
	}
	return *nr > locks->ioases_nr ? -EAGAIN : 0;
}

int iommufd_lock(struct lockset_part *part, struct lockset_place *who)
{
	struct iommufd_locks *locks = to_locks(part);
	unsigned int i, nr = 0;
	int ret = -EBUSY;

	if (!lock_creation(locks, who))
		goto out;
	ret = get_all(locks, who, &nr);
	if (ret)
		goto out;
	ret = -EBUSY;
	if (!lock_ioases(locks, who))
		goto out;
	for (i = 0; i < locks->part.nr; i++)
		nr += count_missing(locks, i);
	if (nr == locks->ioases_nr)
		return 0;
	ret = -EAGAIN;
out:
	iommufd_unlock(part);
	if (ret == -EAGAIN && nr > locks->ioases_room && room_for_ioases(locks, nr))
		return -ENOMEM;
	return ret;
}

static struct owner owner_of(const struct layout_iopt_pages *pages)
{
	return (struct owner){ pages->source_task, pages->source_mm, pages->source_user };
}

static bool is_owner(const struct owner *owner, const struct layout_iopt_pages *pages)
{
	return owner->task == pages->source_task && owner->mm == pages->source_mm &&
	       owner->user == pages->source_user;
}

static bool is_by_address(const struct layout_iopt_pages *pages)
{
	return pages_source(pages) == DMAOWN_SOURCE_ADDRESS;
}

static void view_area(struct locked_area *view, const struct layout_iopt_area *area)
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
	view->owner = owner_of(pages);
}

/*
 * The areas of an IOAS in the order of IOVAs, while it is locked: rb_next() would climb up again
 * from each of them. A red-black tree of 2^n nodes is at most 2n high.
 */
struct area_walk {
	struct rb_node *path[2 * BITS_PER_TYPE(u32)];
	unsigned int depth;
};

static void descend(struct area_walk *walk, struct rb_node *node)
{
	for (; node; node = node->rb_left)
		walk->path[walk->depth++] = node;
}

static void area_walk_begin(struct area_walk *walk, const struct layout_iommufd_ioas *ioas)
{
	walk->depth = 0;
	descend(walk, ioas->iopt.area_itree.rb_root.rb_node);
}

static struct layout_iopt_area *next_area(struct area_walk *walk)
{
	struct rb_node *node;

	if (!walk->depth)
		return NULL;
	node = walk->path[--walk->depth];
	descend(walk, node->rb_right);
	return to_area(node);
}

/* Counts areas; lets others have the processor every so many. */
static void steps_add(unsigned int *steps, unsigned int nr)
{
	unsigned int before = *steps;

	*steps += nr;
	if (before / WALK_STEPS != *steps / WALK_STEPS)
		cond_resched();
}

static void step(unsigned int *steps)
{
	steps_add(steps, 1);
}

/* Under the locks, for which others wait: memory that is not there at once is done without. */
static bool make_room_to_meet(struct iommufd_locks *locks)
{
	struct met *met = NULL;

	if (locks->met_all)
		met = kmalloc(PAGE_SIZE, GFP_NOWAIT | __GFP_NOWARN | __GFP_ACCOUNT);
	if (!met) {
		locks->met_all = false;
		return false;
	}
	met->next = locks->met;
	met->nr = 0;
	locks->met = met;
	return true;
}

static void meet(struct iommufd_locks *locks, struct layout_iopt_pages *pages)
{
	if ((locks->met && locks->met->nr < MET_ROOM) || make_room_to_meet(locks))
		locks->met->pages[locks->met->nr++] = pages;
}

/* Whether areas can follow of which there is nothing else to say. */
static bool may_go_on(const struct iommufd_locks *locks, const struct locked_area *view)
{
	return view->pages && view->sharers == 1 &&
	       (!locks->detail || view->source != DMAOWN_SOURCE_ADDRESS);
}

/* Whether a pages object begins in its owner's address space where those of a view end. */
static bool continues(const struct locked_area *view, const struct layout_iopt_pages *pages)
{
	return is_by_address(pages) && view->writable == pages->writable &&
	       area_continues(view, (unsigned long)pages->uptr);
}

static bool goes_on(const struct locked_area *view, const struct layout_iopt_pages *pages,
		    bool by_address)
{
	return pages && (by_address ? continues(view, pages) : !is_by_address(pages)) &&
	       kref_read(&pages->kref) == 1 && view->mode == pages->account_mode &&
	       is_owner(&view->owner, pages);
}

/*
 * Adds those that follow and are alike to a view, though not so many that others wait for long;
 * returns the first that is not.
 */
static struct layout_iopt_area *view_more(struct iommufd_locks *locks, struct locked_area *view,
					  struct area_walk *walk, unsigned int *steps)
{
	struct layout_iopt_area *area = next_area(walk);
	bool by_address = view->source == DMAOWN_SOURCE_ADDRESS;
	size_t npinned = 0, charged = 0;
	unsigned int nr = 0;

	if (!may_go_on(locks, view))
		return area;
	for (; area && nr < WALK_STEPS && goes_on(view, area->pages, by_address);
	     area = next_area(walk)) {
		nr++;
		if (by_address)
			view->npages += area->pages->npages;
		npinned += area->pages->npinned;
		charged += area->pages->last_npinned;
		meet(locks, area->pages);
	}
	steps_add(steps, nr);
	view->nr += nr;
	view->npinned += npinned;
	view->charged += charged;
	return area;
}

/* One IOAS; *steps counts areas through all of them. */
static int walk_ioas(struct iommufd_locks *locks, const struct layout_iommufd_ioas *ioas,
		     struct locked_area *view, unsigned int *steps, area_fn fn, void *arg)
{
	struct layout_iopt_area *area;
	struct area_walk walk;
	int ret = 0;

	area_walk_begin(&walk, ioas);
	area = next_area(&walk);
	while (area && !ret) {
		view_area(view, area);
		if (area->pages && !(locks->detail && is_by_address(area->pages)))
			meet(locks, area->pages);
		area = view_more(locks, view, &walk, steps);
		ret = fn(view, arg);
		step(steps);
		if (fatal_signal_pending(current))
			ret = ret ?: -EINTR;
	}
	return ret;
}

int iommufd_walk(struct lockset_part *part, bool detail, area_fn fn, void *arg)
{
	struct iommufd_locks *locks = to_locks(part);
	struct locked_area view = {};
	unsigned int steps = 0;
	unsigned int i;
	int ret = 0;

	forget_met(locks);
	locks->detail = detail;
	for (i = 0; i < locks->ioases_nr && !ret; i++) {
		struct layout_iommufd_ioas *ioas = locks->ioases[i].ioas;

		view.place = place_of(locks, locks->ioases[i].context, ioas->obj.id);
		ret = walk_ioas(locks, ioas, &view, &steps, fn, arg);
	}
	return ret;
}

/* Who gives is asked only where the owner is another one than before. */
struct asked {
	const struct giving *giving;
	struct owner last;		/* only to be compared */
	bool last_gives;
};

static bool gives(struct asked *asked, const struct layout_iopt_pages *pages)
{
	if (!is_owner(&asked->last, pages)) {
		asked->last = owner_of(pages);
		asked->last_gives = asked->giving->gives(&asked->last, asked->giving->arg);
	}
	return asked->last_gives;
}

static void set_owner(struct layout_iopt_pages *pages, const struct owner *owner)
{
	pages->source_task = owner->task;
	pages->source_mm = owner->mm;
	pages->source_user = owner->user;
	pages->last_npinned = pages->npinned;
}

/* One pages object, if it is to be given away; returns how many that makes. */
static unsigned int give(struct asked *asked, struct layout_iopt_pages *pages)
{
	if (!gives(asked, pages))
		return 0;
	set_owner(pages, asked->giving->to);
	return 1;
}

static size_t give_met(const struct iommufd_locks *locks, struct asked *asked)
{
	const struct met *met;
	unsigned int i, steps = 0;
	size_t nr = 0;

	for (met = locks->met; met; met = met->next) {
		for (i = 0; i < met->nr; i++) {
			nr += give(asked, met->pages[i]);
			step(&steps);
		}
	}
	return nr;
}

static size_t give_all(const struct iommufd_locks *locks, struct asked *asked)
{
	struct layout_iopt_area *area;
	unsigned int i, steps = 0;
	struct area_walk walk;
	size_t nr = 0;

	for (i = 0; i < locks->ioases_nr; i++) {
		area_walk_begin(&walk, locks->ioases[i].ioas);
		while ((area = next_area(&walk))) {
			if (asked->giving->by_address || !is_by_address(area->pages))
				nr += give(asked, area->pages);
			step(&steps);
		}
	}
	return nr;
}

size_t iommufd_give(struct lockset_part *part, const struct giving *giving)
{
	const struct iommufd_locks *locks = to_locks(part);
	struct asked asked = { .giving = giving };

	return locks->met_all ? give_met(locks, &asked) : give_all(locks, &asked);
}

void iommufd_set_owner(void *self, struct pages *opaque, const struct owner *owner,
		       bool privileged)
{
	set_owner((struct layout_iopt_pages *)opaque, owner);
}

void iommufd_set_addr(void *self, struct pages *opaque, unsigned long addr)
{
	((struct layout_iopt_pages *)opaque)->uptr = (void *)addr;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bitmap.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "memory.h"
#include "plan.h"
#include "process.h"
#include "report.h"

void plan_init(struct plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->sources_want = 2;
	plan->moves_want = 16;
	ptrset_init(&plan->shared);
	ptrset_init(&plan->losers);
}

void plan_free(struct plan *plan)
{
	unsigned int i;

	for (i = 0; i < plan->sources_room; i++)
		kfree(plan->sources[i]);
	kvfree(plan->sources);
	kvfree(plan->moves.array);
	kvfree(plan->orphans);
	ptrset_free(&plan->shared);
	ptrset_free(&plan->losers);
}

int plan_begin(struct plan *plan, const struct context *contexts, unsigned int nr)
{
	plan->touched = bitmap_zalloc(nr, GFP_KERNEL_ACCOUNT);
	if (!plan->touched)
		return -ENOMEM;
	plan->contexts = contexts;
	plan->contexts_nr = nr;
	return 0;
}

void plan_end(struct plan *plan)
{
	bitmap_free(plan->touched);
}

/* A larger array in place of an empty one; a little more, since areas may be added meanwhile. */
static int make_room(void **array, unsigned int *room, unsigned int want, size_t size)
{
	void *larger;

	if (want <= *room)
		return 0;
	want += want / 8 + 16;
	if (want > INT_MAX / size)
		return -ENOMEM;
	larger = kvmalloc_array(want, size, GFP_KERNEL_ACCOUNT);
	if (!larger)
		return -ENOMEM;
	kvfree(*array);
	*array = larger;
	*room = want;
	return 0;
}

static int room_for_sources(struct plan *plan)
{
	struct source **sources;

	if (plan->sources_want <= plan->sources_room)
		return 0;
	sources = kvrealloc(plan->sources, array_size(plan->sources_want, sizeof(*sources)),
			    GFP_KERNEL_ACCOUNT);
	if (!sources)
		return -ENOMEM;
	plan->sources = sources;
	for (; plan->sources_room < plan->sources_want; plan->sources_room++) {
		sources[plan->sources_room] = kmalloc(sizeof(**sources), GFP_KERNEL_ACCOUNT);
		if (!sources[plan->sources_room])
			return -ENOMEM;
	}
	return 0;
}

static int room_for_detail(struct plan *plan)
{
	if (!plan->detail)
		return 0;
	return make_room((void **)&plan->moves.array, &plan->moves.room, plan->moves_want,
			 sizeof(*plan->moves.array)) ?:
	       make_room((void **)&plan->orphans, &plan->orphans_room, plan->orphans_want,
			 sizeof(*plan->orphans));
}

int plan_make_room(struct plan *plan)
{
	return room_for_detail(plan) ?:
	       room_for_sources(plan) ?:
	       ptrset_reserve(&plan->losers, plan->sources_room) ?:
	       ptrset_reserve(&plan->shared, plan->shared_want);
}

static bool is_from(const struct plan *plan, const struct task_struct *task)
{
	return !plan->from_tgid ||
	       (task->tgid == plan->from_tgid && task->start_boottime == plan->from_start);
}

/* By address space: other than that, owners hardly differ. */
static struct source **source_bucket(struct plan *plan, const struct locked_area *area)
{
	return &plan->hash[hash_ptr(area->owner.mm, PLAN_HASH_BITS)];
}

static struct context context_of(const struct plan *plan, const struct locked_area *area)
{
	return plan->contexts[area->place.context];
}

static bool source_is(const struct plan *plan, const struct source *source,
		      const struct locked_area *area)
{
	return source->mode == area->mode &&
	       source->backend == context_of(plan, area).backend &&
	       source->owner.task == area->owner.task &&
	       source->owner.mm == area->owner.mm && source->owner.user == area->owner.user;
}

/* A process that is no more has no struct pid, and holds nothing either. */
static void add_loser(struct plan *plan, struct task_struct *task)
{
	struct pid *pid = task_tgid(task);

	if (pid && !same_process(task, plan->to->task))
		ptrset_add(&plan->losers, pid);
	else
		plan->other_losers = true;
}

/* NULL: no room. */
static struct source *source_of(struct plan *plan, const struct locked_area *area)
{
	struct source **bucket = source_bucket(plan, area);
	struct source *source = plan->last;

	if (source && source_is(plan, source, area))
		return source;
	for (source = *bucket; source; source = source->next)
		if (source_is(plan, source, area))
			return plan->last = source;
	if (plan->sources_nr == plan->sources_room) {
		plan->sources_want = plan->sources_room * 2 + 4;
		return NULL;
	}

	source = plan->sources[plan->sources_nr++];
	memset(source, 0, sizeof(*source));
	source->owner = area->owner;
	owner_get(&source->owner);
	source->mode = area->mode;
	source->backend = context_of(plan, area).backend;
	source->counts_pins = context_counts_pins(context_of(plan, area));
	source->limit_by_privilege = context_limit_by_privilege(context_of(plan, area));
	source->has_mm = mmget_not_zero(source->owner.mm);
	source->gone = owner_state(&source->owner) != DMAOWN_STATE_LIVE;
	source->next = *bucket;
	*bucket = source;
	add_loser(plan, source->owner.task);
	return plan->last = source;
}

/* Whether an area is to be moved with its pages object, and where to. */
struct wish {
	unsigned long addr;		/* of the pages object, in the new owner's address space */
	bool nowhere;			/* there should be one in the remap list, and is not */
};

/*
 * Whether what is pinned is to prove what an area is. Of owners that are gone only if that is asked
 * for.
 */
static bool is_orphan(const struct plan *plan, const struct locked_area *area,
		      const struct source *source)
{
	if (area->source != DMAOWN_SOURCE_ADDRESS)
		return false;
	return source->has_mm ? area->invalid : plan->adopt;
}

static u8 wanted_of(const struct plan *plan, const struct locked_area *area)
{
	return (area->writable ? MEMORY_WRITE : 0) |
	       (context_takes_io(context_of(plan, area)) ? MEMORY_IO : 0);
}

/* Of a plan that is not in detail. In one address space the same address is the same memory. */
static void expect_range(struct plan *plan, const struct locked_area *area,
			 const struct source *source)
{
	const struct mem_range range = {
		.mm = area->owner.mm,
		.addr = area->addr,
		.last = last_of_pages(area->addr, area->npages),
		.want = wanted_of(plan, area),
	};

	if (range.mm == plan->to->mm)
		return;
	if (plan->ranges_nr && range_join(&plan->ranges[plan->ranges_nr - 1], &range))
		return;
	if (source->has_mm && plan->ranges_nr < PLAN_RANGES)
		plan->ranges[plan->ranges_nr++] = range;
	else
		plan->vague = true;
}

static void add_move(struct plan *plan, const struct locked_area *area, struct source *source,
		     const struct wish *wish)
{
	struct moves *moves = &plan->moves;

	if (moves->nr == moves->room)
		return;
	moves->array[moves->nr++] = (struct move){
		.pages = area->pages,
		.mm = area->owner.mm,
		.addr = area->addr,
		.new_addr = wish->addr,
		.npages = area->npages,
		.source = source,
		.place = area->place,
		.iova = area->iova,
		.last = area->last,
		.offset = area->offset,
		.nowhere = wish->nowhere,
		.by_pages = is_orphan(plan, area, source),
		.want = wanted_of(plan, area),
		.shared = area->sharers > 1,
	};
}

/* A pages object, or several alike. */
static void add_object(struct plan *plan, const struct locked_area *area, struct source *source,
		       const struct wish *wish)
{
	source->moves += area->nr;
	source->npinned += area->npinned;
	source->charged += area->charged;
	plan->objects += area->nr;
	plan->users += source->owner.user ? area->nr : 0;
	if (area->source != DMAOWN_SOURCE_ADDRESS) {
		plan->given += area->nr;
		return;
	}
	plan->moves_want += area->nr;
	if (plan->detail) {
		add_move(plan, area, source, wish);
	} else {
		plan->given += area->nr;
		expect_range(plan, area, source);
	}
}

static void add_orphan(struct plan *plan, const struct locked_area *area,
		       const struct source *source, const struct wish *wish)
{
	plan->orphans_want += area->nr;
	if (!plan->detail) {
		plan->vague = true;
		return;
	}
	if (plan->orphans_nr == plan->orphans_room)
		return;
	plan->orphans[plan->orphans_nr++] = (struct orphan){
		.pages = area->pages,
		.source = source,
		.place = area->place,
		.iova = area->iova,
		.last = area->last,
		.first = area->offset >> PAGE_SHIFT,
		.addr = area->addr + area->offset,
		.new_addr = wish->addr + area->offset,
		.want = wanted_of(plan, area),
	};
}

/* What does not fit is counted all the same, so that the next time there is room. */
static void add_area(struct plan *plan, const struct locked_area *area, bool first,
		     const struct wish *wish)
{
	struct source *source = source_of(plan, area);

	plan->areas += area->nr;
	if (!source)
		return;
	if (!owner_same(&area->owner, plan->to))
		__set_bit(area->place.context, plan->touched);
	if (source->gone)
		plan->adopted += area->nr;
	if (first)
		add_object(plan, area, source, wish);
	if (is_orphan(plan, area, source) && !wish->nowhere)
		add_orphan(plan, area, source, wish);
}

static int flux(struct plan *plan, const struct lockset_place *place, unsigned long iova,
		unsigned long last)
{
	plan->flux = *place;
	plan->flux_iova = iova;
	plan->flux_last = last;
	return -EBUSY;
}

static void report_remap(struct plan *plan, enum dmaown_reason reason,
			 const struct locked_area *area, u64 addr, u64 value, u64 limit)
{
	struct dmaown_report report = {
		.reason = reason,
		.context = plan_context(plan, &area->place),
		.ioas = area->place.ioas,
		.iova = area->iova,
		.last = area->last,
		.addr = addr,
		.value = value,
		.limit = limit,
	};

	report_add(plan->reports, &report);
}

/*
 * Where the new owner is to have the pages object that an area shows. Without a remap list: where
 * the old one has it.
 */
static struct wish wish_for(struct plan *plan, const struct locked_area *area)
{
	struct wish wish = { .addr = area->addr };
	const struct remap *remap;

	if (!plan->remaps->nr || area->source != DMAOWN_SOURCE_ADDRESS)
		return wish;
	remap = remaps_find(plan->remaps, plan_context(plan, &area->place), area->place.ioas,
			    area->iova);
	if (!remap) {
		report_remap(plan, DMAOWN_REASON_REMAP_MISSING, area, area->addr + area->offset,
			     0, 0);
		wish.nowhere = true;
		return wish;
	}
	wish.addr = remap->entry.addr - area->offset;
	if (remap->entry.addr < area->offset || !PAGE_ALIGNED(wish.addr) ||
	    wish.addr + (area->npages << PAGE_SHIFT) < wish.addr) {
		report_remap(plan, DMAOWN_REASON_REMAP_OFFSET, area, remap->entry.addr,
			     remap->index, 0);
		wish.nowhere = true;
	}
	return wish;
}

/* For the first area that shows a pages object; the others must agree with its address. */
static bool is_first(struct plan *plan, const struct locked_area *area, const struct wish *wish)
{
	bool first;
	u64 *addr;

	if (area->sharers == 1)
		return true;
	plan->areas_shared++;
	if (!ptrset_has_room(&plan->shared))
		return false;
	first = ptrset_add(&plan->shared, area->pages) == 1;
	addr = ptrset_value(&plan->shared, area->pages);
	if (wish->nowhere)
		return first;
	/* 0 is an address, too; the lowest bit says that there is one. */
	if (!*addr)
		*addr = wish->addr | 1;
	else if (*addr != (wish->addr | 1))
		report_remap(plan, DMAOWN_REASON_REMAP_DIFFERS, area, wish->addr + area->offset, 0,
			     (*addr & PAGE_MASK) + area->offset);
	return first;
}

bool plan_takes(const struct owner *owner, const void *arg)
{
	const struct plan *plan = arg;

	return is_from(plan, owner->task) && !owner_same(owner, plan->to);
}

static int collect_area(const struct locked_area *area, void *arg)
{
	struct plan *plan = arg;
	struct wish wish;
	bool as_wanted, first;

	plan->areas_total += area->nr;
	if (!area->pages)
		return flux(plan, &area->place, area->iova, area->last);
	if (!is_from(plan, area->owner.task))
		return 0;
	plan->areas_from += area->nr;
	wish = wish_for(plan, area);
	as_wanted = owner_same(&area->owner, plan->to) && wish.addr == area->addr &&
		    !area->invalid;
	/* With a remap list what is as wanted may still have an area that contradicts. */
	if (as_wanted && !plan->remaps->nr)
		return 0;

	first = is_first(plan, area, &wish);
	if (as_wanted)
		return 0;
	if (area->sharers > 1) {
		plan->sharing++;
		plan->sharers += first ? area->sharers : 0;
	}
	add_area(plan, area, first, &wish);
	return 0;
}

static int find_outsider(const struct locked_area *area, void *arg)
{
	struct plan *plan = arg;

	if (area->sharers == 1 || !is_from(plan, area->owner.task) ||
	    ptrset_count(&plan->shared, area->pages) == area->sharers)
		return 0;
	return flux(plan, &area->place, area->iova, area->last);
}

/*
 * Nobody but the areas that were seen may refer to a pages object: a thread that does is about to
 * fill or empty it, in an IOAS that is not locked, and reads its owner meanwhile. Each area has one
 * reference, so the sums tell; which one it is takes another walk.
 */
static int check_sharers(struct plan *plan, struct lockset *set)
{
	if (plan->sharing == plan->sharers)
		return 0;
	return lockset_walk(set, plan->detail, find_outsider, plan) ?: -EBUSY;
}

static bool lacks_detail(const struct plan *plan)
{
	return plan->detail && (plan->moves_want > plan->moves.room ||
				plan->orphans_want > plan->orphans_room);
}

int plan_collect(struct plan *plan, struct lockset *set)
{
	int ret;

	plan->privileged = process_may_lock(plan->to->task);
	plan->moves_want = 0;
	plan->orphans_want = 0;
	ret = lockset_walk(set, plan->detail, collect_area, plan);
	if (ret)
		return ret;
	plan->shared_want = plan->areas_shared;
	if (plan->sources_want > plan->sources_room ||
	    plan->shared_want > ptrset_room(&plan->shared) || lacks_detail(plan))
		return -ENOSPC;
	return check_sharers(plan, set);
}

bool plan_takes_from(const struct plan *plan, const struct pid *pid)
{
	return ptrset_count(&plan->losers, pid);
}

bool plan_takes_only_from(const struct plan *plan, const struct pid *pid)
{
	return plan->losers.used == 1 && !plan->other_losers && plan_takes_from(plan, pid);
}

/*
 * The last mm_users may be ours by now, and taking an address space down can wait for others (its
 * AIO, for one): that is left to a worker.
 */
void source_put(struct source *source)
{
	if (source->has_mm)
		mmput_async(source->owner.mm);
	owner_put(&source->owner);
}

void plan_forget(struct plan *plan)
{
	unsigned int i, kept = 0;

	for (i = 0; i < plan->sources_nr; i++)
		if (plan->sources[i])
			source_put(plan->sources[i]);
	/* One that a worker has taken leaves a hole. */
	for (i = 0; i < plan->sources_room; i++)
		if (plan->sources[i])
			plan->sources[kept++] = plan->sources[i];
	plan->sources_room = kept;
	plan->sources_nr = 0;
	plan->moves.nr = 0;
	plan->orphans_nr = 0;
	plan->last = NULL;
	bitmap_zero(plan->touched, plan->contexts_nr);
	plan->areas = 0;
	plan->adopted = 0;
	plan->objects = 0;
	plan->given = 0;
	plan->vague = false;
	plan->ranges_nr = 0;
	plan->users = 0;
	plan->areas_shared = 0;
	plan->sharing = 0;
	plan->sharers = 0;
	plan->areas_total = 0;
	plan->areas_from = 0;
	memset(plan->hash, 0, sizeof(plan->hash));
	ptrset_clear(&plan->shared);
	ptrset_clear(&plan->losers);
	plan->other_losers = false;
}

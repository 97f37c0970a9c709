// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bitmap.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "memory.h"
#include "plan.h"
#include "process.h"
#include "report.h"

void dmaown_plan_init(struct plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->old_owners_needed = 2;
	plan->moves_needed = 16;
	dmaown_ptrset_init(&plan->shared);
	dmaown_ptrset_init(&plan->taken_from);
}

void dmaown_plan_free(struct plan *plan)
{
	unsigned int i;

	for (i = 0; i < plan->old_owners_room; i++) {
		kfree(plan->old_owners[i]);
		cond_resched();
	}
	kvfree(plan->old_owners);
	kvfree(plan->moves.array);
	kvfree(plan->orphans);
	dmaown_ptrset_free(&plan->shared);
	dmaown_ptrset_free(&plan->taken_from);
}

int dmaown_plan_begin(struct plan *plan, const struct context *contexts, unsigned int nr)
{
	plan->touched = bitmap_zalloc(nr, GFP_KERNEL_ACCOUNT);
	if (!plan->touched)
		return -ENOMEM;
	plan->contexts = contexts;
	plan->contexts_nr = nr;
	return 0;
}

void dmaown_plan_end(struct plan *plan)
{
	bitmap_free(plan->touched);
}

/* Replace an empty array with a larger one. Add some room, since areas may be added meanwhile. */
static int plan_grow(void **array, unsigned int *room, unsigned int needed, size_t size)
{
	void *larger;

	if (needed <= *room)
		return 0;
	needed += needed / 8 + 16;
	if (needed > INT_MAX / size)
		return -ENOMEM;
	larger = kvmalloc_array(needed, size, GFP_KERNEL_ACCOUNT);
	if (!larger)
		return -ENOMEM;
	kvfree(*array);
	*array = larger;
	*room = needed;
	return 0;
}

static int plan_room_for_old_owners(struct plan *plan)
{
	struct old_owner **old_owners;

	if (plan->old_owners_needed <= plan->old_owners_room)
		return 0;
	old_owners = kvrealloc(plan->old_owners,
			       array_size(plan->old_owners_needed, sizeof(*old_owners)),
			       GFP_KERNEL_ACCOUNT);
	if (!old_owners)
		return -ENOMEM;
	plan->old_owners = old_owners;
	for (; plan->old_owners_room < plan->old_owners_needed; plan->old_owners_room++) {
		old_owners[plan->old_owners_room] =
			kmalloc(sizeof(**old_owners), GFP_KERNEL_ACCOUNT);
		if (!old_owners[plan->old_owners_room])
			return -ENOMEM;
		cond_resched();
	}
	return 0;
}

static int plan_room_for_detail(struct plan *plan)
{
	int ret;

	if (!plan->detail)
		return 0;
	ret = plan_grow((void **)&plan->moves.array, &plan->moves.room, plan->moves_needed,
			sizeof(*plan->moves.array));
	if (ret)
		return ret;
	return plan_grow((void **)&plan->orphans, &plan->orphans_room, plan->orphans_needed,
			 sizeof(*plan->orphans));
}

int dmaown_plan_make_room(struct plan *plan)
{
	int ret = plan_room_for_detail(plan) ?: plan_room_for_old_owners(plan);

	if (!ret)
		ret = dmaown_ptrset_reserve(&plan->taken_from, plan->old_owners_room);
	if (!ret && plan->shared_needed)
		ret = dmaown_ptrset_reserve(&plan->shared, plan->shared_needed);
	return ret;
}

static bool plan_is_from(const struct plan *plan, const struct task_struct *task)
{
	return !plan->from_tgid ||
	       (task->tgid == plan->from_tgid && task->start_boottime == plan->from_start);
}

/* Hash by address space: owners hardly differ in anything else. */
static struct old_owner **plan_bucket(struct plan *plan, const struct locked_area *area)
{
	return &plan->hash[hash_ptr(area->owner.mm, PLAN_HASH_BITS)];
}

static struct context plan_context_of(const struct plan *plan, const struct locked_area *area)
{
	return plan->contexts[area->place.context];
}

static bool plan_old_owner_is(const struct plan *plan, const struct old_owner *old_owner,
			      const struct locked_area *area)
{
	return old_owner->mode == area->mode &&
	       old_owner->backend == plan_context_of(plan, area).backend &&
	       old_owner->owner.task == area->owner.task && old_owner->owner.mm == area->owner.mm &&
	       old_owner->owner.user == area->owner.user;
}

/* A process that no longer exists has no struct pid, and holds nothing. */
static void plan_add_taken_from(struct plan *plan, struct task_struct *task)
{
	struct pid *pid = task_tgid(task);

	if (pid && !same_process(task, plan->to->task))
		dmaown_ptrset_add(&plan->taken_from, pid);
	else
		plan->taken_from_others = true;
}

/* Find or add the old owner of an area. Return: the old owner, or NULL if there is no room. */
static struct old_owner *plan_old_owner_of(struct plan *plan, const struct locked_area *area)
{
	struct old_owner **bucket = plan_bucket(plan, area);
	struct old_owner *old_owner = plan->cached;

	if (old_owner && plan_old_owner_is(plan, old_owner, area))
		return old_owner;
	for (old_owner = *bucket; old_owner; old_owner = old_owner->next)
		if (plan_old_owner_is(plan, old_owner, area))
			return plan->cached = old_owner;
	if (plan->old_owners_nr == plan->old_owners_room) {
		plan->old_owners_needed = plan->old_owners_room * 2 + 4;
		return NULL;
	}

	old_owner = plan->old_owners[plan->old_owners_nr++];
	memset(old_owner, 0, sizeof(*old_owner));
	old_owner->owner = area->owner;
	dmaown_owner_get(&old_owner->owner);
	old_owner->mode = area->mode;
	old_owner->backend = plan_context_of(plan, area).backend;
	old_owner->counts_pins = dmaown_context_counts_pins(plan_context_of(plan, area));
	old_owner->limit_by_privilege =
		dmaown_context_limit_by_privilege(plan_context_of(plan, area));
	old_owner->has_mm = mmget_not_zero(old_owner->owner.mm);
	old_owner->gone = dmaown_owner_state(&old_owner->owner) != DMAOWN_STATE_LIVE;
	old_owner->next = *bucket;
	*bucket = old_owner;
	plan_add_taken_from(plan, old_owner->owner.task);
	return plan->cached = old_owner;
}

/* The place of a pages object in the new owner's address space. */
struct target {
	unsigned long addr; /* of the first page of the pages object */
	bool nowhere;	    /* there is none; a report says why */
};

/*
 * Do only the pinned pages prove the memory of this area? If its owner is gone, only when adoption
 * was asked for.
 */
static bool plan_is_orphan(const struct plan *plan, const struct locked_area *area,
			   const struct old_owner *old_owner)
{
	if (area->source != DMAOWN_SOURCE_ADDRESS)
		return false;
	return old_owner->has_mm ? area->invalid : plan->adopt;
}

static u8 plan_want_of(const struct plan *plan, const struct locked_area *area)
{
	return (area->writable ? MEMORY_WRITE : 0) |
	       (dmaown_context_takes_io(plan_context_of(plan, area)) ? MEMORY_IO : 0);
}

/*
 * Compare memory for a plan that is not in detail. In the same address space, the same address is
 * the same memory.
 */
static void plan_glance(struct plan *plan, const struct locked_area *area,
			const struct old_owner *old_owner)
{
	const struct mem_range range = {
		.mm = area->owner.mm,
		.addr = area->addr,
		.last = last_of_pages(area->addr, area->npages),
		.want = plan_want_of(plan, area),
	};

	if (plan->vague || range.mm == plan->to->mm)
		return;
	plan->vague = !old_owner->has_mm ||
		      !dmaown_glance_add(&plan->glance, plan->to->mm, &range, area->nr);
}

static void plan_add_move(struct plan *plan, const struct locked_area *area,
			  struct old_owner *old_owner, const struct target *target)
{
	struct moves *moves = &plan->moves;

	if (moves->nr == moves->room)
		return;
	moves->array[moves->nr++] = (struct move){
		.pages = area->pages,
		.mm = area->owner.mm,
		.addr = area->addr,
		.new_addr = target->addr,
		.npages = area->npages,
		.old_owner = old_owner,
		.place = area->place,
		.iova = area->iova,
		.last = area->last,
		.offset = area->offset,
		.nowhere = target->nowhere,
		.by_pages = plan_is_orphan(plan, area, old_owner),
		.want = plan_want_of(plan, area),
		.shared = area->sharers > 1,
	};
}

/* Add a pages object, or a run of them. */
static void plan_add_object(struct plan *plan, const struct locked_area *area,
			    struct old_owner *old_owner, const struct target *target)
{
	old_owner->moves += area->nr;
	old_owner->npinned += area->npinned;
	old_owner->charged += area->charged;
	plan->counts.objects += area->nr;
	plan->counts.users += old_owner->owner.user ? area->nr : 0;
	if (area->source != DMAOWN_SOURCE_ADDRESS) {
		plan->counts.bulk += area->nr;
		return;
	}
	plan->moves_needed += area->nr;
	if (plan->detail) {
		plan_add_move(plan, area, old_owner, target);
	} else {
		plan->counts.bulk += area->nr;
		plan_glance(plan, area, old_owner);
	}
}

static void plan_add_orphan(struct plan *plan, const struct locked_area *area,
			    const struct old_owner *old_owner, const struct target *target)
{
	plan->orphans_needed += area->nr;
	if (!plan->detail) {
		plan->vague = true;
		return;
	}
	if (plan->orphans_nr == plan->orphans_room)
		return;
	plan->orphans[plan->orphans_nr++] = (struct orphan){
		.pages = area->pages,
		.old_owner = old_owner,
		.place = area->place,
		.iova = area->iova,
		.last = area->last,
		.first = area->offset >> PAGE_SHIFT,
		.addr = area->addr + area->offset,
		.new_addr = target->addr + area->offset,
		.want = plan_want_of(plan, area),
	};
}

/* An area that does not fit is still counted, so that there is room the next time. */
static void plan_add_area(struct plan *plan, const struct locked_area *area, bool first,
			  const struct target *target)
{
	struct old_owner *old_owner = plan_old_owner_of(plan, area);

	plan->counts.areas += area->nr;
	if (!old_owner)
		return;
	if (!owner_same(&area->owner, plan->to))
		__set_bit(area->place.context, plan->touched);
	if (old_owner->gone)
		plan->counts.adopted += area->nr;
	if (first)
		plan_add_object(plan, area, old_owner, target);
	if (plan_is_orphan(plan, area, old_owner) && !target->nowhere)
		plan_add_orphan(plan, area, old_owner, target);
}

static int plan_set_flux(struct plan *plan, const struct lockset_place *place, unsigned long iova,
			 unsigned long last)
{
	plan->flux = *place;
	plan->flux_iova = iova;
	plan->flux_last = last;
	return -EBUSY;
}

/*
 * Refuse to move an area whose address was taken back: only the program that did so knows when its
 * new memory is complete. An entry of the remap list counts as used, but is not required. Without
 * one, an area that the new owner itself has taken back is left alone.
 */
static struct target plan_refuse_taken_back(struct plan *plan, const struct locked_area *area)
{
	const struct remap *remap = NULL;
	struct dmaown_report report = {
		.reason = DMAOWN_REASON_TAKEN_BACK,
		.context = plan_context(plan, &area->place),
		.ioas = area->place.ioas,
		.process = dmaown_process_pid(area->owner.task, task_active_pid_ns(current)),
		.iova = area->iova,
		.last = area->last,
		.addr = area->addr + area->offset,
	};

	if (plan->remaps->nr)
		remap = dmaown_remaps_find(plan->remaps, report.context, report.ioas, report.iova);
	if (remap || !owner_same(&area->owner, plan->to))
		dmaown_report_add(plan->reports, &report);
	return (struct target){ .addr = area->addr, .nowhere = true };
}

static void plan_report_remap(struct plan *plan, enum dmaown_reason reason,
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

	dmaown_report_add(plan->reports, &report);
}

/*
 * Find the place of the pages object that an area shows. Without a remap list, it keeps its
 * address.
 */
static struct target plan_target_of(struct plan *plan, const struct locked_area *area)
{
	struct target target = { .addr = area->addr };
	const struct remap *remap;

	if (!plan->remaps->nr || area->source != DMAOWN_SOURCE_ADDRESS)
		return target;
	remap = dmaown_remaps_find(plan->remaps, plan_context(plan, &area->place), area->place.ioas,
				   area->iova);
	if (!remap) {
		plan_report_remap(plan, DMAOWN_REASON_REMAP_MISSING, area,
				  area->addr + area->offset, 0, 0);
		target.nowhere = true;
		return target;
	}
	target.addr = remap->entry.addr - area->offset;
	if (remap->entry.addr < area->offset || !PAGE_ALIGNED(target.addr) ||
	    target.addr + (area->npages << PAGE_SHIFT) < target.addr) {
		plan_report_remap(plan, DMAOWN_REASON_REMAP_OFFSET, area, remap->entry.addr,
				  remap->index, 0);
		target.nowhere = true;
	}
	return target;
}

/*
 * Is this the first area that shows its pages object? The address of the others must agree with
 * that of the first.
 */
static bool plan_is_first(struct plan *plan, const struct locked_area *area,
			  const struct target *target)
{
	bool first;
	u64 *addr;

	if (area->sharers == 1)
		return true;
	plan->counts.areas_shared++;
	if (!dmaown_ptrset_has_room(&plan->shared))
		return false;
	first = dmaown_ptrset_add(&plan->shared, area->pages) == 1;
	addr = dmaown_ptrset_value(&plan->shared, area->pages);
	if (target->nowhere)
		return first;
	/* Address 0 is valid: the lowest bit marks that there is an address. */
	if (!*addr)
		*addr = target->addr | 1;
	else if (*addr != (target->addr | 1))
		plan_report_remap(plan, DMAOWN_REASON_REMAP_DIFFERS, area,
				  target->addr + area->offset, 0,
				  (*addr & PAGE_MASK) + area->offset);
	return first;
}

bool dmaown_plan_takes(const struct owner *owner, const void *arg)
{
	const struct plan *plan = arg;

	return plan_is_from(plan, owner->task) && !owner_same(owner, plan->to);
}

static int plan_collect_area(const struct locked_area *area, void *arg)
{
	struct plan *plan = arg;
	struct target target;
	bool unchanged, first;

	plan->counts.areas_total += area->nr;
	if (!area->pages)
		return plan_set_flux(plan, &area->place, area->iova, area->last);
	if (!plan_is_from(plan, area->owner.task))
		return 0;
	plan->counts.areas_from += area->nr;
	if (area->invalid && !plan->taken_back)
		target = plan_refuse_taken_back(plan, area);
	else
		target = plan_target_of(plan, area);
	unchanged = owner_same(&area->owner, plan->to) && target.addr == area->addr &&
		    !(area->invalid && plan->taken_back);
	/* With a remap list, another area of the same pages object may disagree. */
	if (unchanged && !plan->remaps->nr)
		return 0;

	first = plan_is_first(plan, area, &target);
	if (unchanged)
		return 0;
	if (area->sharers > 1) {
		plan->counts.sharing++;
		plan->counts.sharers += first ? area->sharers : 0;
	}
	plan_add_area(plan, area, first, &target);
	return 0;
}

static int plan_find_outsider(const struct locked_area *area, void *arg)
{
	struct plan *plan = arg;

	if (area->sharers == 1 || !plan_is_from(plan, area->owner.task) ||
	    dmaown_ptrset_count(&plan->shared, area->pages) == area->sharers)
		return 0;
	return plan_set_flux(plan, &area->place, area->iova, area->last);
}

/*
 * Only the areas that were seen may refer to a pages object. A thread that refers to it is about to
 * fill or unfill it, in an IOAS that is not locked, and meanwhile reads its owner. Each area has
 * one reference, so the totals show whether there are others; another walk finds where.
 */
static int plan_check_sharers(struct plan *plan, struct lockset *set)
{
	if (plan->counts.sharing == plan->counts.sharers)
		return 0;
	return dmaown_lockset_walk(set, plan->detail, plan_find_outsider, plan) ?: -EBUSY;
}

static bool plan_lacks_detail(const struct plan *plan)
{
	return plan->detail &&
	       (plan->moves_needed > plan->moves.room || plan->orphans_needed > plan->orphans_room);
}

int dmaown_plan_collect(struct plan *plan, struct lockset *set)
{
	int ret;

	plan->privileged = dmaown_process_may_lock(plan->to->task);
	plan->moves_needed = 0;
	plan->orphans_needed = 0;
	ret = dmaown_lockset_walk(set, plan->detail, plan_collect_area, plan);
	if (ret)
		return ret;
	plan->shared_needed = plan->counts.areas_shared;
	if (plan->old_owners_needed > plan->old_owners_room ||
	    plan->shared_needed > dmaown_ptrset_room(&plan->shared) || plan_lacks_detail(plan))
		return -ENOSPC;
	return plan_check_sharers(plan, set);
}

bool dmaown_plan_takes_only_from(const struct plan *plan, const struct pid *pid)
{
	return plan->taken_from.used == 1 && !plan->taken_from_others &&
	       dmaown_ptrset_count(&plan->taken_from, pid);
}

/*
 * This may be the last reference on mm_users. Tearing down an address space can wait for others
 * (AIO, for example): leave it to a worker.
 */
void dmaown_old_owner_put(struct old_owner *old_owner)
{
	if (old_owner->has_mm)
		mmput_async(old_owner->owner.mm);
	dmaown_owner_put(&old_owner->owner);
}

void dmaown_plan_forget(struct plan *plan)
{
	unsigned int i, kept = 0;

	for (i = 0; i < plan->old_owners_nr; i++) {
		if (plan->old_owners[i])
			dmaown_old_owner_put(plan->old_owners[i]);
		cond_resched();
	}
	/* An old owner that a worker has taken leaves a hole in the array. */
	for (i = 0; i < plan->old_owners_room; i++)
		if (plan->old_owners[i])
			plan->old_owners[kept++] = plan->old_owners[i];
	plan->old_owners_room = kept;
	plan->old_owners_nr = 0;
	plan->moves.nr = 0;
	plan->orphans_nr = 0;
	plan->cached = NULL;
	bitmap_zero(plan->touched, plan->contexts_nr);
	memset(&plan->counts, 0, sizeof(plan->counts));
	plan->vague = false;
	dmaown_glance_forget(&plan->glance);
	memset(plan->hash, 0, sizeof(plan->hash));
	dmaown_ptrset_clear(&plan->shared);
	dmaown_ptrset_clear(&plan->taken_from);
	plan->taken_from_others = false;
}

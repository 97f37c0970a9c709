// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "array.h"
#include "memory.h"
#include "range.h"
#include "retry.h"
#include "verify.h"

/* An array of ranges that grows. */
struct mem_ranges {
	struct mem_range *array;
	unsigned int nr;
	unsigned int room;
	bool sorted;
};

void dmaown_verified_forget(struct verified *verified)
{
	while (verified->mms_nr) {
		mmdrop(verified->mms[--verified->mms_nr]);
		cond_resched();
	}
	kvfree(verified->mms);
	verified->mms = NULL;
	verified->moves.nr = 0;
	dmaown_ptrset_clear(&verified->shared);
}

void dmaown_verified_free(struct verified *verified)
{
	dmaown_verified_forget(verified);
	kvfree(verified->moves.array);
	dmaown_ptrset_free(&verified->shared);
}

static int verified_index_shared(struct verified *verified, const struct moves *moves)
{
	unsigned int i, nr = 0;
	int ret;

	for (i = 0; i < moves->nr; i++)
		nr += moves->array[i].shared;
	if (!nr)
		return 0;
	ret = dmaown_ptrset_reserve(&verified->shared, nr);
	for (i = 0; i < moves->nr && !ret; i++) {
		cond_resched();
		if (!moves->array[i].shared)
			continue;
		dmaown_ptrset_add(&verified->shared, moves->array[i].pages);
		*dmaown_ptrset_value(&verified->shared, moves->array[i].pages) = i;
	}
	return ret;
}

/*
 * Remember that the memory of a plan was the same. The references keep the structs of the address
 * spaces from being used again.
 */
static int verified_keep(struct verified *verified, struct plan *plan)
{
	unsigned int i;
	int ret;

	ret = verified_index_shared(verified, &plan->moves);
	if (ret)
		return ret;
	verified->mms =
		kvmalloc_array(plan->old_owners_nr, sizeof(*verified->mms), GFP_KERNEL_ACCOUNT);
	if (!verified->mms)
		return -ENOMEM;
	for (i = 0; i < plan->old_owners_nr; i++) {
		verified->mms[i] = plan->old_owners[i]->owner.mm;
		mmgrab(verified->mms[i]);
		cond_resched();
	}
	verified->mms_nr = plan->old_owners_nr;
	swap(verified->moves, plan->moves);
	return 0;
}

/*
 * In the same address space, the same address is the same memory; and if the pages prove the
 * memory, addresses need not. For an owner that is gone there is nothing to inspect, but it must be
 * reported.
 */
static bool verify_needs_look(const struct plan *plan, const struct move *move)
{
	if (move->by_pages)
		return false;
	if (!move->old_owner->has_mm)
		return true;
	if (move->nowhere)
		return false;
	return move->mm != plan->to->mm || move->addr != move->new_addr;
}

/* Sorting many ranges takes long, so each comparison may reschedule. */
static int range_compare(const void *a, const void *b)
{
	const struct mem_range *x = a;
	const struct mem_range *y = b;

	cond_resched();
	if (x->mm != y->mm)
		return x->mm < y->mm ? -1 : 1;
	if (x->want != y->want)
		return x->want - y->want;
	if (x->delta != y->delta)
		return x->delta < y->delta ? -1 : 1;
	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/*
 * Find the first of the sorted ranges that does not lie entirely before reach. Return: its
 * index.
 */
static unsigned int ranges_first_reaching(const struct mem_range *ranges, unsigned int nr,
					  const struct mem_range *reach)
{
	unsigned int low = 0, high = nr;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;
		struct mem_range key = *reach;

		/* Compare with the end of the range, not with its start. */
		key.addr = reach->addr <= ranges[mid].last ? ranges[mid].addr : ULONG_MAX;
		if (range_compare(&ranges[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct mem_range verify_range_of(const struct move *move)
{
	return (struct mem_range){
		.mm = move->mm,
		.addr = move->addr,
		.last = last_of_pages(move->addr, move->npages),
		.want = move->want,
		.delta = move->new_addr - move->addr,
	};
}

static bool move_comes_before(const struct move *a, const struct move *b)
{
	if (a->place.context != b->place.context)
		return a->place.context < b->place.context;
	if (a->place.ioas != b->place.ioas)
		return a->place.ioas < b->place.ioas;
	return a->iova < b->iova;
}

/*
 * Both the pages object and its address must be the same. An address alone may have other memory
 * and a new pages object; and the address of a pages object's struct may have been reused. (If FROM
 * changes both at once, it gains nothing that it could not do before the first look.)
 */
static bool move_same_memory(const struct move *a, const struct move *b)
{
	return a->pages == b->pages && a->mm == b->mm && a->addr == b->addr &&
	       a->new_addr == b->new_addr && a->npages == b->npages && a->want == b->want &&
	       a->by_pages == b->by_pages;
}

/* Was the pages object shown by another area when it was inspected? */
static bool verified_shown_elsewhere(const struct verified *verified, const struct move *move)
{
	u64 i;

	if (!move->shared || !dmaown_ptrset_count(&verified->shared, move->pages))
		return false;
	i = *dmaown_ptrset_value(&verified->shared, move->pages);
	return move_same_memory(&verified->moves.array[i], move);
}

/* Moves that were inspected and have disappeared make no difference. */
bool dmaown_verified_covers(const struct verified *verified, const struct plan *plan)
{
	const struct move *known = verified->moves.array;
	const struct move *end = known + verified->moves.nr;
	unsigned int i;

	for (i = 0; i < plan->moves.nr; i++) {
		const struct move *move = &plan->moves.array[i];

		cond_resched();
		if (!verify_needs_look(plan, move))
			continue;
		while (known < end && move_comes_before(known, move))
			known++;
		if (known < end && move_same_memory(known, move))
			continue;
		if (!verified_shown_elsewhere(verified, move))
			return false;
	}
	return true;
}

static int ranges_append(struct mem_ranges *ranges, const struct mem_range *range)
{
	struct mem_range *array;

	array = array_grow(ranges->array, ranges->nr, &ranges->room, sizeof(*array));
	if (!array)
		return -ENOMEM;
	ranges->array = array;
	array[ranges->nr++] = *range;
	return 0;
}

static int ranges_add(struct mem_ranges *ranges, const struct mem_range *range)
{
	struct mem_range *tail = ranges->nr ? &ranges->array[ranges->nr - 1] : NULL;

	if (tail && range_join(tail, range))
		return 0;
	if (tail && range_compare(tail, range) > 0)
		ranges->sorted = false;
	return ranges_append(ranges, range);
}

static void ranges_sort(struct mem_ranges *ranges)
{
	unsigned int i, kept = 0;

	if (ranges->sorted || !ranges->nr)
		return;
	sort(ranges->array, ranges->nr, sizeof(*ranges->array), range_compare, NULL);
	for (i = 1; i < ranges->nr; i++)
		if (!range_join(&ranges->array[kept], &ranges->array[i]))
			ranges->array[++kept] = ranges->array[i];
	ranges->nr = kept + 1;
	ranges->sorted = true;
}

static u32 verify_pid(const struct owner *owner)
{
	return dmaown_process_pid(owner->task, task_active_pid_ns(current));
}

static void verify_report_gone(const struct plan *plan, const struct move *move,
			       struct reports *reports)
{
	bool dead = dmaown_process_is_dead(move->old_owner->owner.task);
	struct dmaown_report report = {
		.reason = dead ? DMAOWN_REASON_OWNER_DEAD : DMAOWN_REASON_OWNER_STALE,
		.context = plan_context(plan, &move->place),
		.ioas = move->place.ioas,
		.process = verify_pid(&move->old_owner->owner),
		.iova = move->iova,
		.last = move->last,
	};

	dmaown_report_add(reports, &report);
}

/*
 * Collect the ranges to inspect, sorted and without overlaps, so that no mapping is inspected
 * twice.
 */
static int verify_gather(const struct plan *plan, struct mem_ranges *ranges,
			 struct reports *reports)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < plan->moves.nr && !ret; i++) {
		const struct move *move = &plan->moves.array[i];
		struct mem_range range = verify_range_of(move);

		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		if (!verify_needs_look(plan, move))
			continue;
		if (move->old_owner->has_mm)
			ret = ranges_add(ranges, &range);
		else
			verify_report_gone(plan, move, reports);
	}
	ranges_sort(ranges);
	return ret;
}

struct verify_walk {
	const struct mem_range *range;
	struct mem_ranges *different;
	int error;
};

static int verify_note_different(enum dmaown_reason reason, unsigned long addr,
				 unsigned long length, void *arg)
{
	struct verify_walk *walk = arg;
	struct mem_range range = *walk->range;

	range.addr = addr;
	range.last = addr + length - 1;
	range.reason = reason;
	walk->error = ranges_append(walk->different, &range);
	return walk->error;
}

/* Take both locks, with retries while the budget lasts. */
static int verify_hold(struct memory *memory, struct mm_struct *old_mm, struct wait_budget *budget)
{
	while (!dmaown_memory_hold(memory, old_mm))
		if (!lock_retry(budget))
			return -EBUSY;
	return 0;
}

/* Compare one range, a piece at a time. The locks may be held before and after it. */
static int verify_look_at(struct memory *memory, const struct mem_range *range,
			  struct mem_ranges *different, struct wait_budget *budget)
{
	struct verify_walk walk = { .range = range, .different = different };
	unsigned long length = range_length(range);
	unsigned long done = 0;

	while (done < length) {
		unsigned long at = range->addr + done;

		if (fatal_signal_pending(current))
			return -EINTR;
		if (verify_hold(memory, range->mm, budget))
			return -EBUSY;
		done += dmaown_memory_compare(memory, at, at + range->delta, length - done,
					      range->want, verify_note_different, &walk);
		if (walk.error)
			return walk.error;
	}
	return 0;
}

static int verify_look(const struct mem_ranges *ranges, struct mm_struct *to,
		       struct mem_ranges *different)
{
	struct wait_budget budget = wait_budget_of(COMPARE_WAIT);
	struct memory memory;
	unsigned int i;
	int ret = 0;

	dmaown_memory_init(&memory, to);
	for (i = 0; i < ranges->nr && !ret; i++)
		ret = verify_look_at(&memory, &ranges->array[i], different, &budget);
	dmaown_memory_end(&memory);
	return ret;
}

/*
 * Report the part of a move that differs, in IOVAs of the area that shows it. For a part of the
 * pages object outside the area, report the whole area.
 */
static void verify_report_different(const struct plan *plan, const struct move *move,
				    const struct mem_range *different, struct reports *reports)
{
	bool old = different->reason == DMAOWN_REASON_OLD_HOLE ||
		   different->reason == DMAOWN_REASON_OLD_PRIVATE;
	unsigned long shown = move->addr + move->offset; /* address of the first IOVA */
	unsigned long shown_last = shown + (move->last - move->iova);
	unsigned long from = max(different->addr, shown);
	unsigned long last = min(different->last, shown_last);
	struct dmaown_report report = {
		.reason = different->reason,
		.context = plan_context(plan, &move->place),
		.ioas = move->place.ioas,
		.process = verify_pid(old ? &move->old_owner->owner : plan->to),
		.iova = move->iova,
		.last = move->last,
		.addr = max(different->addr, move->addr),
	};

	if (from <= last) {
		report.iova += from - shown;
		report.last = move->iova + (last - shown);
		report.addr = from;
	}
	/* The address is that of the process in the report. */
	if (!old)
		report.addr += different->delta;
	dmaown_report_add(reports, &report);
}

/* Report all differences of each area. Reports beyond the caller's room are only counted. */
static int verify_report_all(const struct plan *plan, const struct mem_ranges *different,
			     struct reports *reports)
{
	unsigned int i, at;

	for (i = 0; i < plan->moves.nr; i++) {
		const struct move *move = &plan->moves.array[i];
		struct mem_range key = verify_range_of(move);

		if (!verify_needs_look(plan, move))
			continue;
		at = ranges_first_reaching(different->array, different->nr, &key);
		for (; at < different->nr; at++) {
			const struct mem_range *range = &different->array[at];

			if (!ranges_alike(range, &key) || range->addr > key.last)
				break;
			verify_report_different(plan, move, range, reports);
			if (fatal_signal_pending(current))
				return -EINTR;
		}
		cond_resched();
	}
	return 0;
}

int dmaown_verify(struct verified *verified, struct plan *plan, struct reports *reports)
{
	struct mem_ranges different = {};
	struct mem_ranges ranges = { .sorted = true };
	int ret;

	dmaown_verified_forget(verified);
	ret = verify_gather(plan, &ranges, reports);
	if (!ret)
		ret = verify_look(&ranges, plan->to->mm, &different);
	if (!ret && different.nr)
		ret = verify_report_all(plan, &different, reports);
	else if (!ret)
		ret = verified_keep(verified, plan);
	kvfree(different.array);
	kvfree(ranges.array);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "grow.h"
#include "memory.h"
#include "range.h"
#include "tries.h"
#include "verify.h"

/* How many mappings are compared before the locks are given back for a moment. */
#define COMPARE_STEPS	1024

/* And how many at most while others wait for the contexts. */
#define BRIEF_STEPS	(2 * PLAN_RANGES)

/* An array of ranges that grows. */
struct mem_ranges {
	struct mem_range *array;
	unsigned int nr;
	unsigned int room;
	bool sorted;
};

void verified_forget(struct verified *verified)
{
	while (verified->mms_nr)
		mmdrop(verified->mms[--verified->mms_nr]);
	kvfree(verified->mms);
	verified->mms = NULL;
	verified->moves.nr = 0;
	ptrset_clear(&verified->shared);
}

void verified_free(struct verified *verified)
{
	verified_forget(verified);
	kvfree(verified->moves.array);
	ptrset_free(&verified->shared);
}

static int index_shared(struct verified *verified, const struct moves *moves)
{
	unsigned int i, nr = 0;
	int ret;

	for (i = 0; i < moves->nr; i++)
		nr += moves->array[i].shared;
	if (!nr)
		return 0;
	ret = ptrset_reserve(&verified->shared, nr);
	for (i = 0; i < moves->nr && !ret; i++) {
		if (!moves->array[i].shared)
			continue;
		ptrset_add(&verified->shared, moves->array[i].pages);
		*ptrset_value(&verified->shared, moves->array[i].pages) = i;
	}
	return ret;
}

/*
 * Remembers that the memory of a plan was found to be the same. No other address space can come to
 * have the same struct meanwhile.
 */
static int verified_keep(struct verified *verified, struct plan *plan)
{
	unsigned int i;
	int ret;

	ret = index_shared(verified, &plan->moves);
	if (ret)
		return ret;
	verified->mms = kvmalloc_array(plan->sources_nr, sizeof(*verified->mms),
				       GFP_KERNEL_ACCOUNT);
	if (!verified->mms)
		return -ENOMEM;
	for (i = 0; i < plan->sources_nr; i++) {
		verified->mms[i] = plan->sources[i]->owner.mm;
		mmgrab(verified->mms[i]);
	}
	verified->mms_nr = plan->sources_nr;
	swap(verified->moves, plan->moves);
	return 0;
}

/*
 * In one address space the same address is the same memory; and where the pages prove it, addresses
 * need not.
 */
static bool needs_look(const struct plan *plan, const struct move *move)
{
	if (move->nowhere || move->by_pages)
		return false;
	return move->mm != plan->to->mm || move->addr != move->new_addr;
}

static int range_compare(const void *a, const void *b)
{
	const struct mem_range *x = a;
	const struct mem_range *y = b;

	if (x->mm != y->mm)
		return x->mm < y->mm ? -1 : 1;
	if (x->want != y->want)
		return x->want - y->want;
	if (x->delta != y->delta)
		return x->delta < y->delta ? -1 : 1;
	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* The first of the sorted ranges that does not lie entirely before the one given. */
static unsigned int first_reaching(const struct mem_range *ranges, unsigned int nr,
				   const struct mem_range *wanted)
{
	unsigned int low = 0, high = nr;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;
		struct mem_range key = *wanted;

		/* Compare with where the range ends, not with where it starts. */
		key.addr = wanted->addr <= ranges[mid].last ? ranges[mid].addr : ULONG_MAX;
		if (range_compare(&ranges[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct mem_range wanted_range(const struct move *move)
{
	return (struct mem_range){
		.mm = move->mm,
		.addr = move->addr,
		.last = last_of_pages(move->addr, move->npages),
		.want = move->want,
		.delta = move->new_addr - move->addr,
	};
}

static bool comes_before(const struct move *a, const struct move *b)
{
	if (a->place.context != b->place.context)
		return a->place.context < b->place.context;
	if (a->place.ioas != b->place.ioas)
		return a->place.ioas < b->place.ioas;
	return a->iova < b->iova;
}

/*
 * Both the pages object and where it lies must be the same: an address alone may have got other
 * memory and a new pages object, and a pages object's address in the kernel may have got a new one.
 * (Both at once, by FROM's own doing, is no more than FROM could do before the first look.)
 */
static bool same_memory(const struct move *a, const struct move *b)
{
	return a->pages == b->pages && a->mm == b->mm && a->addr == b->addr &&
	       a->new_addr == b->new_addr && a->npages == b->npages && a->want == b->want &&
	       a->by_pages == b->by_pages;
}

/* By another area than then. */
static bool shown_elsewhere(const struct verified *verified, const struct move *move)
{
	u64 i;

	if (!move->shared || !ptrset_count(&verified->shared, move->pages))
		return false;
	i = *ptrset_value(&verified->shared, move->pages);
	return same_memory(&verified->moves.array[i], move);
}

/* What was looked at and is gone makes no difference. */
bool verified_covers(const struct verified *verified, const struct plan *plan)
{
	const struct move *known = verified->moves.array;
	const struct move *end = known + verified->moves.nr;
	unsigned int i;

	for (i = 0; i < plan->moves.nr; i++) {
		const struct move *move = &plan->moves.array[i];

		if (!needs_look(plan, move))
			continue;
		while (known < end && comes_before(known, move))
			known++;
		if (known < end && same_memory(known, move))
			continue;
		if (!shown_elsewhere(verified, move))
			return false;
	}
	return true;
}

static int range_append(struct mem_ranges *ranges, const struct mem_range *range)
{
	struct mem_range *array;

	array = grow(ranges->array, ranges->nr, &ranges->room, sizeof(*array));
	if (!array)
		return -ENOMEM;
	ranges->array = array;
	array[ranges->nr++] = *range;
	return 0;
}

static int range_add(struct mem_ranges *ranges, const struct mem_range *range)
{
	struct mem_range *last = ranges->nr ? &ranges->array[ranges->nr - 1] : NULL;

	if (last && range_join(last, range))
		return 0;
	if (last && range_compare(last, range) > 0)
		ranges->sorted = false;
	return range_append(ranges, range);
}

static void sort_ranges(struct mem_ranges *ranges)
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

static u32 reported_pid(const struct owner *owner)
{
	return process_pid(owner->task, task_active_pid_ns(current));
}

static void report_gone(const struct plan *plan, const struct move *move, struct reports *reports)
{
	bool dead = process_is_dead(move->source->owner.task);
	struct dmaown_report report = {
		.reason = dead ? DMAOWN_REASON_OWNER_DEAD : DMAOWN_REASON_OWNER_STALE,
		.context = plan_context(plan, &move->place),
		.ioas = move->place.ioas,
		.process = reported_pid(&move->source->owner),
		.iova = move->iova,
		.last = move->last,
	};

	report_add(reports, &report);
}

/* What is to be looked at, sorted and without overlaps, so that no mapping is looked at twice. */
static int gather(const struct plan *plan, struct mem_ranges *ranges, struct reports *reports)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < plan->moves.nr && !ret; i++) {
		const struct move *move = &plan->moves.array[i];
		struct mem_range range = wanted_range(move);

		if (!needs_look(plan, move))
			continue;
		if (move->source->has_mm)
			ret = range_add(ranges, &range);
		else
			report_gone(plan, move, reports);
	}
	sort_ranges(ranges);
	return ret;
}

struct looking {
	const struct mem_range *range;
	struct mem_ranges *different;
	int error;
};

static int note_different(enum dmaown_reason reason, unsigned long addr, unsigned long length,
			  void *arg)
{
	struct looking *looking = arg;
	struct mem_range range = *looking->range;

	range.addr = addr;
	range.last = addr + length - 1;
	range.reason = reason;
	looking->error = range_append(looking->different, &range);
	return looking->error;
}

/* Both locks, tried for a while as long as there are tries left. */
static int begin_patiently(struct memory *memory, struct mm_struct *old_mm, struct mm_struct *to,
			   unsigned int *tries)
{
	while (!memory_begin(memory, old_mm, to))
		if (!try_again(tries))
			return -EBUSY;
	return 0;
}

/* One range, a piece at a time. */
static int look_at(const struct mem_range *range, struct mm_struct *to,
		   struct mem_ranges *different, unsigned int *tries)
{
	struct looking looking = { .range = range, .different = different };
	unsigned long length = range_length(range);
	unsigned long done = 0;
	struct memory memory;

	while (done < length) {
		unsigned long at = range->addr + done;
		unsigned int steps = COMPARE_STEPS;

		if (fatal_signal_pending(current))
			return -EINTR;
		if (begin_patiently(&memory, range->mm, to, tries))
			return -EBUSY;
		done += memory_compare(&memory, at, at + range->delta, length - done, range->want,
				       &steps, note_different, &looking);
		memory_end(&memory);
		if (looking.error)
			return looking.error;
		cond_resched();
	}
	return 0;
}

/*
 * The part of a move that is not the same, in IOVAs of the area that shows it. What lies in the
 * pages object, but not in the area, is reported as the whole area.
 */
static void report_different(const struct plan *plan, const struct move *move,
			     const struct mem_range *different, struct reports *reports)
{
	bool old = different->reason == DMAOWN_REASON_OLD_HOLE ||
		   different->reason == DMAOWN_REASON_OLD_PRIVATE;
	unsigned long shown = move->addr + move->offset;	/* address of the first IOVA */
	unsigned long shown_last = shown + (move->last - move->iova);
	unsigned long from = max(different->addr, shown);
	unsigned long last = min(different->last, shown_last);
	struct dmaown_report report = {
		.reason = different->reason,
		.context = plan_context(plan, &move->place),
		.ioas = move->place.ioas,
		.process = reported_pid(old ? &move->source->owner : plan->to),
		.iova = move->iova,
		.last = move->last,
		.addr = max(different->addr, move->addr),
	};

	if (from <= last) {
		report.iova += from - shown;
		report.last = move->iova + (last - shown);
		report.addr = from;
	}
	/* The address is one of the process that is named. */
	if (!old)
		report.addr += different->delta;
	report_add(reports, &report);
}

/* Each area with all that is not the same in it; what exceeds the caller's room is only counted. */
static int report_all(const struct plan *plan, const struct mem_ranges *different,
		      struct reports *reports)
{
	unsigned int i, at;

	for (i = 0; i < plan->moves.nr; i++) {
		const struct move *move = &plan->moves.array[i];
		struct mem_range wanted = wanted_range(move);

		if (!needs_look(plan, move))
			continue;
		at = first_reaching(different->array, different->nr, &wanted);
		for (; at < different->nr; at++) {
			const struct mem_range *range = &different->array[at];

			if (!ranges_alike(range, &wanted) || range->addr > wanted.last)
				break;
			report_different(plan, move, range, reports);
			if (fatal_signal_pending(current))
				return -EINTR;
		}
		cond_resched();
	}
	return 0;
}

static int stop(enum dmaown_reason reason, unsigned long addr, unsigned long length, void *arg)
{
	return -ENXIO;
}

static bool same_at_once(const struct mem_range *range, struct mm_struct *to, unsigned int *steps)
{
	unsigned long length = range_length(range);
	struct memory memory;
	unsigned long done;

	if (!memory_begin(&memory, range->mm, to))
		return false;
	done = memory_compare(&memory, range->addr, range->addr + range->delta, length,
			      range->want, steps, stop, NULL);
	memory_end(&memory);
	return done == length;
}

bool verify_at_once(const struct plan *plan)
{
	unsigned int steps = BRIEF_STEPS;
	unsigned int i;

	if (plan->vague)
		return false;
	for (i = 0; i < plan->ranges_nr; i++)
		if (!same_at_once(&plan->ranges[i], plan->to->mm, &steps))
			return false;
	return true;
}

int verify(struct verified *verified, struct plan *plan, struct reports *reports)
{
	struct mem_ranges different = {};
	struct mem_ranges ranges = { .sorted = true };
	unsigned int tries = LOCK_TRIES;
	unsigned int i;
	int ret;

	verified_forget(verified);
	ret = gather(plan, &ranges, reports);
	for (i = 0; i < ranges.nr && !ret; i++)
		ret = look_at(&ranges.array[i], plan->to->mm, &different, &tries);
	if (!ret && different.nr)
		ret = report_all(plan, &different, reports);
	else if (!ret)
		ret = verified_keep(verified, plan);
	kvfree(different.array);
	kvfree(ranges.array);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compare the pages that are pinned with what their live owner has at the address of the area.
 *
 * Pages are compared in chunks. Each chunk is read under the locks of the context, and then looked
 * up under the owner's mmap_lock; no lock is held from one to the other. So a chunk that differs is
 * compared again, until two comparisons in a row agree: a page that was pinned before and after the
 * first look was pinned during it. Then the area must still be the same, and its owner live: an
 * owner that execs or exits unmaps its memory only after it has left the address space (kernel:
 * exec_mmap(), exit_mm()).
 *
 * The work of a call is bounded, in pages, areas, and time spent on waiting. User space goes on
 * where the call has stopped.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/minmax.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include "compare.h"
#include "retry.h"
#include "shown.h"

/* Pages that are compared at a time, and in a call; areas in a batch, and in a call */
#define CHUNK	   256UL
#define CALL_PAGES (SZ_256M >> PAGE_SHIFT)
#define BATCH	   16U
#define CALL_AREAS 4096U

/* Comparisons of a chunk that differs before it counts as changing */
#define LOOKS 4

/*
 * Pauses between such comparisons in a call, about 20 ms. Here the number counts, not the time: on
 * a slow machine what changes takes longer, too.
 */
#define PAUSES 256

struct look {
	unsigned long pfns[CHUNK];
	u8 differences[CHUNK]; /* enum dmaown_difference, or 0 */
};

struct comparison {
	struct context ctx;
	struct dmaown_range *ranges;
	unsigned int nr;
	unsigned int room;

	/* Left for this call. */
	unsigned long pages;
	unsigned int areas;
	struct wait_budget budget;
	unsigned int pauses;

	struct cursor from; /* where the call begins */
	struct cursor next; /* where the next call begins */
	u64 compared;

	const struct area *area; /* the current one */
	struct area batch[BATCH];
	struct area again; /* the current one, read again */
	struct look now;
	struct look before;
	struct page *scratch[CHUNK];
};

/* PAGES OF THE CURRENT AREA: the first and the last one may be only in part of the area. */

static unsigned long compare_page_at(const struct area *area, unsigned long iova)
{
	return (offset_in_page(area->start) + (iova - area->iova)) >> PAGE_SHIFT;
}

static unsigned long compare_nr_pages(const struct area *area)
{
	return compare_page_at(area, area->last) + 1;
}

/* The offset of the first byte of a page in the area. */
static unsigned long compare_offset_of(const struct area *area, unsigned long at)
{
	return at ? (at << PAGE_SHIFT) - offset_in_page(area->start) : 0;
}

/* RANGES */

/* The next call begins at this page of the current area. */
static void compare_stop_at(struct comparison *c, unsigned long at)
{
	c->next.id = c->area->ioas;
	c->next.key = c->area->iova + compare_offset_of(c->area, at);
}

static bool compare_follows(const struct dmaown_range *range, const struct dmaown_range *next)
{
	return range->length && range->difference == next->difference &&
	       range->ioas == next->ioas && range->owner == next->owner &&
	       range->uid == next->uid && range->iova + range->length == next->iova &&
	       range->addr + range->length == next->addr;
}

/* Add a range, or make the last one longer. Return: false if there is no room. */
static bool compare_add(struct comparison *c, const struct dmaown_range *range)
{
	if (c->nr && compare_follows(&c->ranges[c->nr - 1], range)) {
		c->ranges[c->nr - 1].length += range->length;
		return true;
	}
	if (c->nr == c->room)
		return false;
	c->ranges[c->nr++] = *range;
	return true;
}

/* Add nr pages of the current area, from its page at on. Return: false if there is no room. */
static bool compare_add_pages(struct comparison *c, u8 difference, unsigned long at,
			      unsigned long nr)
{
	const struct area *area = c->area;
	const struct owner *owner = &area->owner;
	unsigned long from = compare_offset_of(area, at);
	unsigned long last = min(compare_offset_of(area, at + nr) - 1, area->last - area->iova);
	const struct dmaown_range range = {
		.difference = difference,
		.ioas = area->ioas,
		.iova = area->iova + from,
		.length = last - from + 1,
		.addr = area->start + from,
		.owner = dmaown_process_id(owner->task),
		.start = owner->task->start_boottime,
		.pid = dmaown_process_pid(owner->task, task_active_pid_ns(current)),
		.uid = from_kuid_munged(current_user_ns(), dmaown_owner_uid(owner)),
	};

	return compare_add(c, &range);
}

/* Return: the number of pages from the first one on with the same difference. */
static unsigned int compare_run_length(const u8 *differences, unsigned int nr)
{
	unsigned int run = 1;

	while (run < nr && differences[run] == differences[0])
		run++;
	return run;
}

/* Add what differs in a chunk. Return: the number of pages for which there was room. */
static unsigned int compare_add_chunk(struct comparison *c, unsigned long at, unsigned int nr)
{
	unsigned int done, run;

	for (done = 0; done < nr; done += run) {
		const u8 *differences = &c->now.differences[done];

		run = compare_run_length(differences, nr - done);
		if (*differences && !compare_add_pages(c, *differences, at + done, run))
			break;
	}
	return done;
}

/* COMPARING */

/* Return: 0; -ESTALE if the area has changed; or -EAGAIN if it is locked. */
static int compare_fetch(struct comparison *c, unsigned long at, unsigned int nr)
{
	const struct stretch stretch = {
		.ioas = c->area->ioas,
		.iova = c->area->iova,
		.pages = c->area->pages,
		.first = c->area->first,
		.at = at,
	};
	int ret;

	do {
		ret = dmaown_context_pinned(c->ctx, &stretch, c->now.pfns, nr);
	} while (ret == -EAGAIN && lock_retry(&c->budget));
	if (ret < 0)
		return ret;
	return ret == nr ? 0 : -ESTALE;
}

/* Return: 0; -ESTALE if the area has changed; or a difference that stands for all pages. */
static int compare_look(struct comparison *c, unsigned long at, unsigned int nr)
{
	unsigned long addr = (c->area->start & PAGE_MASK) + (at << PAGE_SHIFT);
	int ret;

	ret = compare_fetch(c, at, nr);
	if (ret)
		return ret == -EAGAIN ? DMAOWN_DIFFERENCE_LOCKED : ret;
	do {
		ret = dmaown_shown_compare(c->area->owner.mm, addr, c->now.pfns, nr,
					   c->now.differences, c->scratch);
	} while (ret == -EBUSY && lock_retry(&c->budget));
	return ret ? DMAOWN_DIFFERENCE_OWNER_LOCKED : 0;
}

static bool compare_differs(const struct look *look, unsigned int nr)
{
	return memchr_inv(look->differences, 0, nr);
}

/* Do both comparisons agree on a page? What is as it should be needs no second look. */
static bool compare_agrees(const struct comparison *c, unsigned int i)
{
	return !c->now.differences[i] || (c->now.differences[i] == c->before.differences[i] &&
					  c->now.pfns[i] == c->before.pfns[i]);
}

static bool compare_all_agree(const struct comparison *c, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!compare_agrees(c, i))
			return false;
	return true;
}

static void compare_pause(struct comparison *c)
{
	if (!c->pauses)
		return;
	c->pauses--;
	usleep_range(50, 100);
}

/* Return: as compare_look(), or -EINTR. */
static int compare_look_again(struct comparison *c, unsigned long at, unsigned int nr)
{
	unsigned int i, looks = 1;
	int ret;

	do {
		c->before = c->now;
		compare_pause(c);
		if (fatal_signal_pending(current))
			return -EINTR;
		ret = compare_look(c, at, nr);
		if (ret)
			return ret;
	} while (++looks < LOOKS && !compare_all_agree(c, nr));
	for (i = 0; i < nr; i++)
		if (!compare_agrees(c, i))
			c->now.differences[i] = DMAOWN_DIFFERENCE_CHANGING;
	return 0;
}

static bool compare_is_wanted(const struct area *area)
{
	return area->pages && area->source == DMAOWN_SOURCE_ADDRESS && !area->invalid &&
	       dmaown_process_uses_mm(area->owner.task, area->owner.mm);
}

static bool compare_is_same(const struct area *a, const struct area *b)
{
	return a->ioas == b->ioas && a->iova == b->iova && a->last == b->last &&
	       a->pages == b->pages && a->first == b->first && a->start == b->start &&
	       owner_same(&a->owner, &b->owner);
}

/* Is the current area still the same, and its owner live? Return: as compare_look(). */
static int compare_confirm(struct comparison *c)
{
	struct cursor cursor;
	bool same;
	int ret;

	do {
		cursor = (struct cursor){ c->area->ioas, c->area->ioas, c->area->iova };
		ret = dmaown_context_areas(c->ctx, &cursor, &c->again, 1);
	} while (ret == -EAGAIN && lock_retry(&c->budget));
	if (ret == -EAGAIN)
		return DMAOWN_DIFFERENCE_LOCKED;
	if (ret <= 0)
		return ret ?: -ESTALE;
	same = compare_is_wanted(&c->again) && compare_is_same(&c->again, c->area);
	dmaown_areas_put(&c->again, 1);
	return same ? 0 : -ESTALE;
}

/* Return: as compare_look(), or -EINTR. */
static int compare_chunk(struct comparison *c, unsigned long at, unsigned int nr)
{
	int ret = compare_look(c, at, nr);

	if (!ret && compare_differs(&c->now, nr))
		ret = compare_look_again(c, at, nr);
	if (!ret && compare_differs(&c->now, nr))
		ret = compare_confirm(c);
	return ret;
}

/* Add the rest of the current area with one difference. Return: 1 if there is no room, else 0. */
static int compare_give_up(struct comparison *c, u8 difference, unsigned long at)
{
	if (compare_add_pages(c, difference, at, compare_nr_pages(c->area) - at))
		return 0;
	compare_stop_at(c, at);
	return 1;
}

static unsigned long compare_first_page(const struct comparison *c)
{
	const struct area *area = c->area;

	if (area->ioas != c->from.id || c->from.key <= area->iova || c->from.key > area->last)
		return 0;
	return compare_page_at(area, c->from.key);
}

/* Return: 0 at the end of the area, or if it has changed; 1 to end the call; or -EINTR. */
static int compare_area(struct comparison *c)
{
	unsigned long at = compare_first_page(c), end = compare_nr_pages(c->area);
	unsigned int nr, done;
	int ret;

	if (c->area->hidden)
		return compare_give_up(c, DMAOWN_DIFFERENCE_HIDDEN, at);
	for (; at < end; at += nr) {
		nr = min3(end - at, CHUNK, c->pages);
		if (!nr) {
			compare_stop_at(c, at);
			return 1;
		}
		ret = compare_chunk(c, at, nr);
		if (ret > 0)
			return compare_give_up(c, ret, at);
		if (ret)
			return ret == -ESTALE ? 0 : ret;
		done = compare_add_chunk(c, at, nr);
		c->pages -= done;
		c->compared += (u64)done << PAGE_SHIFT;
		if (done < nr) {
			compare_stop_at(c, at + done);
			return 1;
		}
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static int compare_areas(struct comparison *c, unsigned int nr)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < nr && !ret; i++) {
		c->area = &c->batch[i];
		if (compare_is_wanted(c->area))
			ret = compare_area(c);
	}
	dmaown_areas_put(c->batch, nr);
	return ret;
}

/* Report a locked IOAS, and go on with the next one. Return: 1 if there is no room, else 0. */
static int compare_skip_ioas(struct comparison *c)
{
	const struct dmaown_range range = {
		.difference = DMAOWN_DIFFERENCE_LOCKED,
		.ioas = c->next.id,
		.iova = c->next.key,
	};

	if (!compare_add(c, &range))
		return 1;
	cursor_skip(&c->next);
	return 0;
}

/* Return: 0 at the end of the context; 1 if there may be more, from c->next on; or -EINTR. */
static int compare_context(struct comparison *c)
{
	int nr, ret;

	do {
		if (!c->areas)
			return 1;
		do {
			nr = dmaown_context_areas(c->ctx, &c->next, c->batch, min(BATCH, c->areas));
		} while (nr == -EAGAIN && lock_retry(&c->budget));
		if (!nr)
			return 0;
		if (nr < 0 && nr != -EAGAIN)
			return nr;
		c->areas -= nr < 0 ? 1 : nr;
		ret = nr < 0 ? compare_skip_ioas(c) : compare_areas(c, nr);
		cond_resched();
	} while (!ret);
	return ret;
}

int dmaown_compare_run(struct context ctx, struct dmaown_compare *arg, struct dmaown_range *ranges,
		       unsigned int room)
{
	struct comparison *c = kzalloc(sizeof(*c), GFP_KERNEL);
	int ret;

	if (!c)
		return -ENOMEM;
	c->ctx = ctx;
	c->ranges = ranges;
	c->room = room;
	c->pages = CALL_PAGES;
	c->areas = CALL_AREAS;
	c->budget = wait_budget_of(COMPARE_WAIT);
	c->pauses = PAUSES;
	c->from = (struct cursor){ arg->ioas, U32_MAX, arg->iova };
	c->next = c->from;
	ret = compare_context(c);
	if (ret >= 0) {
		arg->ioas = c->next.id;
		arg->iova = c->next.key;
		arg->nr_ranges = c->nr;
		arg->more = ret;
		arg->compared = c->compared;
	}
	kfree(c);
	return min(ret, 0);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Stretches of old owners' address spaces that are to be compared with the new owner's. */
#ifndef DMAOWN_RANGE_H
#define DMAOWN_RANGE_H

#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/types.h>
#include "uapi/dmaown.h"

/*
 * What is mapped for devices need not exist, and so may reach as far as numbers do: up to the last
 * byte of all, behind which they begin again at 0.
 */
struct mem_range {
	struct mm_struct *mm;
	unsigned long addr;
	unsigned long last;
	u8 want;			/* of the new owner's mapping: MEMORY_* */
	unsigned long delta;		/* what to add to get the new owner's address */
	enum dmaown_reason reason;	/* of one that is not the same */
};

static inline unsigned long last_of_pages(unsigned long addr, size_t npages)
{
	return addr + (npages << PAGE_SHIFT) - 1;
}

/* In bytes. That of all numbers is no number; that it lacks the last byte makes no difference. */
static inline unsigned long range_length(const struct mem_range *range)
{
	return min(range->last - range->addr, ULONG_MAX - 1) + 1;
}

/* The same address space and requirements, and as far apart. */
static inline bool ranges_alike(const struct mem_range *a, const struct mem_range *b)
{
	return a->mm == b->mm && a->want == b->want && a->delta == b->delta;
}

/* True if the range could be joined to the last one, which it touches or overlaps. */
static inline bool range_join(struct mem_range *last, const struct mem_range *range)
{
	if (!ranges_alike(last, range) || range->addr < last->addr)
		return false;
	if (range->addr > last->last && range->addr - last->last > 1)
		return false;
	last->last = max(last->last, range->last);
	return true;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Ranges of old owners' address spaces that are compared with the new owner's. */
#ifndef DMAOWN_TRANSFER_RANGE_H
#define DMAOWN_TRANSFER_RANGE_H

#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/types.h>
#include "uapi/dmaown.h"

/*
 * A range may end at the last byte of the address space, after which addresses wrap around to 0:
 * memory that is mapped for devices need not exist.
 */
struct mem_range {
	struct mm_struct *mm;
	unsigned long addr;
	unsigned long last;
	u8 want;		   /* of the new owner's mapping: MEMORY_* */
	unsigned long delta;	   /* new owner's address minus old owner's address */
	enum dmaown_reason reason; /* of a range that differs */
};

static inline unsigned long last_of_pages(unsigned long addr, size_t npages)
{
	return addr + (npages << PAGE_SHIFT) - 1;
}

/*
 * The length in bytes, at most ULONG_MAX: the length of the full range does not fit, and one byte
 * less makes no difference.
 */
static inline unsigned long range_length(const struct mem_range *range)
{
	return min(range->last - range->addr, ULONG_MAX - 1) + 1;
}

/* Do two ranges have the same address space, requirements and delta? */
static inline bool ranges_alike(const struct mem_range *a, const struct mem_range *b)
{
	return a->mm == b->mm && a->want == b->want && a->delta == b->delta;
}

/* Join a range to the last one if it touches or overlaps it. Return: true if it was joined. */
static inline bool range_join(struct mem_range *tail, const struct mem_range *range)
{
	if (!ranges_alike(tail, range) || range->addr < tail->addr)
		return false;
	if (range->addr > tail->last && range->addr - tail->last > 1)
		return false;
	tail->last = max(tail->last, range->last);
	return true;
}

#endif

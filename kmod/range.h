/* SPDX-License-Identifier: GPL-2.0-only */
/* Stretches of old owners' address spaces that are to be compared with the new owner's. */
#ifndef DMAOWN_RANGE_H
#define DMAOWN_RANGE_H

#include <linux/minmax.h>
#include <linux/types.h>
#include "uapi/dmaown.h"

struct mm_struct;

struct mem_range {
	struct mm_struct *mm;
	unsigned long addr;
	unsigned long end;
	u8 want;			/* of the new owner's mapping: MEMORY_* */
	unsigned long delta;		/* what to add to get the new owner's address */
	enum dmaown_reason reason;	/* of one that is not the same */
};

/* The same address space and requirements, and as far apart. */
static inline bool ranges_alike(const struct mem_range *a, const struct mem_range *b)
{
	return a->mm == b->mm && a->want == b->want && a->delta == b->delta;
}

/* True if the range could be joined to the last one, which it touches or overlaps. */
static inline bool range_join(struct mem_range *last, const struct mem_range *range)
{
	if (!ranges_alike(last, range) || range->addr < last->addr || range->addr > last->end)
		return false;
	last->end = max(last->end, range->end);
	return true;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Verify that the new owner has the same memory behind everything that a plan would move.
 *
 * The time grows with the number of mappings, and both address spaces' mmap_locks are needed. If
 * the locks are free and the mappings few beside the areas, which is the usual case, a glance is
 * enough (glance.h). Otherwise the memory is compared without the contexts' locks, between two
 * looks at the areas. The second look reuses the result for moves that have not changed.
 */
#ifndef DMAOWN_TRANSFER_VERIFY_H
#define DMAOWN_TRANSFER_VERIFY_H

#include "plan.h"
#include "ptrset.h"
#include "report.h"

/* The memory that was found to be the same in this attempt. All zeroes: none. */
struct verified {
	struct moves moves; /* only to be compared */
	struct ptrset
		shared; /* pages objects that several areas may show; values: indices in moves[] */
	struct mm_struct **mms; /* address spaces of the moves, with references */
	unsigned int mms_nr;
};

void dmaown_verified_forget(struct verified *verified);
void dmaown_verified_free(struct verified *verified);

/* Does verified cover everything that the plan needs? Does not sleep. */
bool dmaown_verified_covers(const struct verified *verified, const struct plan *plan);

/*
 * Compare the memory behind a plan in detail, without the locks under which it was made, and take
 * over its moves if it is the same. Reports differences, and owners that no longer have an address
 * space. Orphans are left to adopt.h. Return: 0, also if there are differences; -EBUSY if an
 * address space is locked; -ENOMEM; or -EINTR.
 */
int dmaown_verify(struct verified *verified, struct plan *plan, struct reports *reports);

#endif

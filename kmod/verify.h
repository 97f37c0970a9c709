/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether the new owner has the same memory, for all that a plan would move.
 *
 * Looking takes as long as there are mappings, and needs both address spaces' mmap_locks: it is
 * done with iommufd's locks given back, between one look at the areas and the next, which uses what
 * was found for what is still the same then.
 */
#ifndef DMAOWN_VERIFY_H
#define DMAOWN_VERIFY_H

#include "plan.h"
#include "ptrset.h"
#include "report.h"

struct mem_range;

/* What was found to be the same, in the attempt at hand. */
struct verified {
	struct mm_struct *to;		/* in this address space, with a reference; or NULL */
	struct ptrset looked;		/* at the memory of these pages objects */
	struct mem_range *ranges;	/* by address space and address; with references */
	unsigned int nr;
};

void verified_init(struct verified *verified);
void verified_forget(struct verified *verified);
void verified_free(struct verified *verified);

/* True if that is all the plan needs: then nothing has to be looked at. Does not sleep. */
bool verified_covers(const struct verified *verified, const struct plan *plan);

/*
 * Looks at the memory behind a plan, without the locks under which it was made. Reports what is not
 * the same, and owners that have no address space any more. What is to be adopted is not looked at
 * here, but in adopt.h. -EBUSY: an address space is locked; -ENOMEM; -EINTR.
 */
int verify(struct verified *verified, const struct plan *plan, struct reports *reports);

#endif

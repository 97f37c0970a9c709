/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether the new owner has the same memory, for all that a plan would move.
 *
 * Looking takes as long as there are mappings, and needs both address spaces' mmap_locks. Where
 * these are free and the mappings few, as they mostly are, it is done on the spot. Else it is done
 * with the contexts' locks given back, between one look at the areas and the next, which uses what
 * was found for what is still the same then.
 */
#ifndef DMAOWN_VERIFY_H
#define DMAOWN_VERIFY_H

#include "plan.h"
#include "ptrset.h"
#include "report.h"

/* What was found to be the same, in the attempt at hand; all zeroes: nothing. */
struct verified {
	struct moves moves;		/* only to be compared */
	struct ptrset shared;		/* where in moves[] those are that other areas may show */
	struct mm_struct **mms;		/* their address spaces, with references */
	unsigned int mms_nr;
};

void verified_forget(struct verified *verified);
void verified_free(struct verified *verified);

/*
 * Under the locks under which a plan was made that is not in detail: true if the memory behind it
 * is the same. If not it may be so all the same, and it takes a plan in detail to know. Does not
 * sleep.
 */
bool verify_at_once(const struct plan *plan);

/* True if that is all the plan needs: then nothing has to be looked at. Does not sleep. */
bool verified_covers(const struct verified *verified, const struct plan *plan);

/*
 * Looks at the memory behind a plan in detail, without the locks under which it was made, and takes
 * its moves if that is the same. Reports what is not, and owners that have no address space any
 * more. What is to be adopted is not looked at here, but in adopt.h. -EBUSY: an address space is
 * locked; -ENOMEM; -EINTR.
 */
int verify(struct verified *verified, struct plan *plan, struct reports *reports);

#endif

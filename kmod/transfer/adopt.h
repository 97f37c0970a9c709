/* SPDX-License-Identifier: GPL-2.0-only */
/* Adopt memory of owners whose address space no longer exists. */
#ifndef DMAOWN_TRANSFER_ADOPT_H
#define DMAOWN_TRANSFER_ADOPT_H

#include <linux/ktime.h>
#include "plan.h"
#include "report.h"

/*
 * The proof that the new owner has a stretch of a pages object at an address. On the old side it
 * stays valid: nothing can be mapped or pinned in an address space without users, so the pages that
 * are pinned stay those that were compared, and the pages object stays the same. For a kind where
 * pages can be pinned again (dmaown_pages_may_change()), the pinned pages are checked again under
 * the locks.
 */
struct proof {
	struct mm_struct *mm;	   /* of the old owner, with a reference */
	const struct pages *pages; /* only to be compared */
	unsigned long first;	   /* page of the pages object in which the stretch begins */
	unsigned long new_addr;
	unsigned long size;	/* in bytes */
	unsigned long done;	/* pages proven so far */
	unsigned long pages_nr; /* all pages of the stretch */
	u64 digest;		/* of the page frames that were compared */
};

/* All proofs of a transfer. They are kept from one attempt to the next. */
struct proofs {
	struct mm_struct *to; /* address space of the new owner, with a reference; or NULL */
	struct proof *array;  /* sorted */
	unsigned int nr;
	unsigned int room;
	unsigned long *pfns; /* buffer of proof_still_pinned() */
	ktime_t worked;	     /* time spent on comparing, without waiting for locks */
};

void dmaown_proofs_init(struct proofs *proofs);
void dmaown_proofs_free(struct proofs *proofs);

/* Do the proofs cover all orphans of a plan? Called under the locks. */
bool dmaown_proofs_cover(struct proofs *proofs, const struct plan *plan);

/* Called from time to time during a comparison; done and total are in bytes. */
struct progress {
	void (*notify)(u64 done, u64 total, void *arg);
	void *arg;
};

/*
 * Complete the proofs: compare the pages that are pinned behind the orphans of a plan with those
 * that the new owner maps, and report differences. Called without the locks under which the plan
 * was made. Return: 0, also if there are differences; -EAGAIN if an area has changed; -EBUSY if a
 * lock stays held or the new owner is exiting; -ENOMEM; or -EINTR. After an error, finished proofs
 * stay valid.
 */
int dmaown_adopt_compare(struct proofs *proofs, const struct plan *plan, struct reports *reports,
			 const struct progress *progress);

#endif

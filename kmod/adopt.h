/* SPDX-License-Identifier: GPL-2.0-only */
/* Taking over from owners whose address space is gone. */
#ifndef DMAOWN_ADOPT_H
#define DMAOWN_ADOPT_H

#include <linux/ktime.h>
#include "plan.h"
#include "report.h"

/*
 * That a stretch of a pages object is what the new owner has at an address. It stays true, as far
 * as the old side goes: into an address space that has no users nothing is mapped or pinned any
 * more, so that what is pinned is what was pinned then, and the pages object is none but that one.
 * Where that is not so (pages_may_change()), what is pinned is looked at once more under the locks.
 */
struct proof {
	struct mm_struct *mm;		/* the old owner's, with a reference */
	const struct pages *pages;	/* only to be compared */
	unsigned long first;		/* page of the pages object in which the stretch begins */
	unsigned long new_addr;
	unsigned long size;		/* in bytes */
	unsigned long done;		/* pages proven so far */
	unsigned long pages_nr;		/* of how many */
	u64 sum;			/* of the page frames that were there */
};

/* All that was proven during a transfer, however many attempts it takes. */
struct proofs {
	struct mm_struct *to;		/* about this address space, with a reference; or NULL */
	struct proof *array;		/* sorted */
	unsigned int nr;
	unsigned int room;
	unsigned long *pfns;		/* room to look once more */
	ktime_t worked;			/* how long it took, but for waiting for locks */
};

void proofs_init(struct proofs *proofs);
void proofs_free(struct proofs *proofs);

/* True if they prove all orphans of a plan. Under the locks. */
bool proofs_cover(struct proofs *proofs, const struct plan *plan);

/* Told now and then how far a comparison has come, in bytes. */
struct progress {
	void (*tell)(u64 done, u64 total, void *arg);
	void *arg;
};

/*
 * Proves what is not proven yet: compares the pages that are pinned behind the orphans of a plan
 * with those that the new owner maps, and reports what is not the same. Without the locks under
 * which the plan was made: -EAGAIN if an area is no more what it was, -EBUSY if something stays
 * locked or the new owner is leaving, -ENOMEM, -EINTR; what was proven by then stays so.
 */
int adopt_compare(struct proofs *proofs, const struct plan *plan, struct reports *reports,
		  const struct progress *progress);

#endif

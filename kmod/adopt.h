/* SPDX-License-Identifier: GPL-2.0-only */
/* Taking over from owners whose address space is gone. */
#ifndef DMAOWN_ADOPT_H
#define DMAOWN_ADOPT_H

#include "plan.h"
#include "report.h"

/* Told now and then how far a comparison has come, in bytes. */
struct progress {
	void (*tell)(u64 done, u64 total, void *arg);
	void *arg;
};

/*
 * Compares the pages that are pinned behind the orphans of a plan with those that the new owner
 * maps, and reports what is not the same. Without the locks under which the plan was made: -EAGAIN
 * if an area is no more what it was, -EBUSY if one stays locked, -EINTR.
 */
int adopt_compare(const struct plan *plan, struct reports *reports,
		  const struct progress *progress);

#endif

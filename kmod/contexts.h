/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_CONTEXTS_H
#define DMAOWN_CONTEXTS_H

#include "context.h"
#include "process.h"
#include "ptrset.h"
#include "report.h"

/* Different contexts, with a reference on each. */
struct contexts {
	struct context *array;
	unsigned int nr;
	unsigned int room;
	struct ptrset set;		/* the values are indices in array */
};

void contexts_put(struct contexts *contexts);

/*
 * The contexts that a transfer is about, by kind: those named by files, or, with nr_files == 0, all
 * that the new owner holds. Reports what is not there, and what the new owner does not hold: that
 * is among the contexts all the same. -EBUSY: a file that matters is locked; try again.
 */
int contexts_get(struct contexts *contexts, const struct process *to,
		 const struct dmaown_file *files, unsigned int nr_files, struct reports *reports);

#endif

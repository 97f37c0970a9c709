/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_TRANSFER_CONTEXTS_H
#define DMAOWN_TRANSFER_CONTEXTS_H

#include "context.h"
#include "force.h"
#include "process.h"
#include "ptrset.h"
#include "report.h"

/* Different contexts, with a reference on each. */
struct contexts {
	struct context *array;
	unsigned int nr;
	unsigned int room;
	struct ptrset set; /* values: indices in array[] */
};

void dmaown_contexts_put(struct contexts *contexts);

/*
 * Get all contexts that a process holds (leader: its group leader), in no order. *unseen: it has a
 * file for which the module has no layout, and which may hold another context. Return: 0; -EBUSY if
 * a file is locked, or the process could not be read to the end: try again; -ENOMEM; or -EINTR.
 */
int dmaown_contexts_of(struct contexts *contexts, struct task_struct *leader, bool *unseen);

/*
 * Get the contexts of a transfer, sorted by kind: those named by files or, with nr_files == 0, all
 * that the new owner holds. Reports contexts that do not exist, and those that the new owner does
 * not hold, which are included all the same. Return: 0; -EBUSY if a file that matters is locked:
 * try again; or another error.
 */
int dmaown_contexts_get(struct contexts *contexts, const struct process *to,
			const struct dmaown_file *files, unsigned int nr_files,
			const struct forces *forces, struct reports *reports);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether the new owner can keep what it is given: who else holds the contexts. */
#ifndef DMAOWN_HOLDERS_H
#define DMAOWN_HOLDERS_H

#include "contexts.h"
#include "force.h"
#include "plan.h"
#include "report.h"
#include "snapshot.h"

/* A file by which somebody holds one of the contexts of a transfer. */
struct hold {
	const struct holder *holder;	/* in the snapshot */
	unsigned int context;		/* index among the transfer's */
};

struct holders {
	struct snapshot snapshot;
	struct hold *holds;		/* all, by context and process */
	unsigned int nr;
	struct hold *devices;		/* of these, the device files, by context and device */
	unsigned int devices_nr;
	bool known;
};

/* Finds out who holds the contexts, of all processes. -ENOMEM, -EINTR. */
int holders_find(struct holders *holders, const struct contexts *contexts);
void holders_free(struct holders *holders);

/* Reports what keeps the new owner from keeping what the plan gives it. Does not sleep. */
void holders_check(const struct holders *holders, const struct plan *plan,
		   const struct forces *forces, struct reports *reports);

#endif

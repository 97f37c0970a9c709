/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether the new owner can keep what it is given: who else holds the contexts. */
#ifndef DMAOWN_HOLDERS_H
#define DMAOWN_HOLDERS_H

#include <linux/ktime.h>

#include "contexts.h"
#include "force.h"
#include "plan.h"
#include "report.h"
#include "snapshot.h"

/* Who holds the contexts of a transfer. */
struct holders {
	struct snapshot snapshot;		/* sorted anew: by context and process */
	const struct holder **devices;		/* and group files, by context and name */
	unsigned int devices_nr;
	ktime_t found;				/* when the search began; 0: not known */
};

/* Looks in the files of all processes, if that is not known or was long ago. -ENOMEM, -EINTR. */
int holders_refresh(struct holders *holders, const struct contexts *contexts);
void holders_free(struct holders *holders);

/* Reports what keeps the new owner from keeping what the plan gives it. Does not sleep. */
void holders_check(const struct holders *holders, const struct plan *plan,
		   const struct forces *forces, struct reports *reports);

#endif

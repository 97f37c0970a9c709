/* SPDX-License-Identifier: GPL-2.0-only */
/* The holders of contexts, which decide whether the new owner can keep what it takes. */
#ifndef DMAOWN_TRANSFER_HOLDERS_H
#define DMAOWN_TRANSFER_HOLDERS_H

#include <linux/ktime.h>

#include "contexts.h"
#include "devices.h"
#include "force.h"
#include "plan.h"
#include "report.h"
#include "snapshot.h"

/* The holders of the contexts of a transfer. */
struct holders {
	struct snapshot snapshot;
	struct bound_devices devices;
	ktime_t found; /* start of the search; 0 if there was none */
};

/*
 * Search the files of all processes, if that has not been done or was long ago. Return: 0; -ENOMEM;
 * -EINTR; or -EBUSY if a context or a device in it is locked, and *where is the context.
 */
int dmaown_holders_refresh(struct holders *holders, const struct contexts *contexts,
			   struct lockset_place *where);
void dmaown_holders_free(struct holders *holders);

/*
 * Report the reasons for which the new owner could not keep what the plan moves to it. Does not
 * sleep.
 */
void dmaown_holders_check(const struct holders *holders, const struct plan *plan,
			  const struct forces *forces, struct reports *reports);

#endif

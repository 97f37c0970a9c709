/* SPDX-License-Identifier: GPL-2.0-only */
/* The holders of contexts, which decide whether the new owner can keep what it takes. */
#ifndef DMAOWN_TRANSFER_HOLDERS_H
#define DMAOWN_TRANSFER_HOLDERS_H

#include <linux/ktime.h>

#include "contexts.h"
#include "force.h"
#include "plan.h"
#include "report.h"
#include "snapshot.h"

/* A device in one of the contexts, or in an unknown one. */
struct bound_device {
	unsigned int number; /* of the context, or NUMBER_NONE */
	bool has_opens;
	bool removing;	      /* being removed, so that VFIO does not list it */
	unsigned int opens;   /* open files of the device, counted by VFIO */
	unsigned int unknown; /* open files that no process has; 1 if that cannot be known */
	char name[64];
};

/* The holders of the contexts of a transfer. */
struct holders {
	struct snapshot snapshot;
	struct bound_device *devices; /* of all contexts */
	unsigned int devices_nr;
	unsigned int devices_room;
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

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The holders of contexts, found in the files of all processes. departure.h and trust.h decide what
 * they mean for a transfer.
 */
#ifndef DMAOWN_TRANSFER_HOLDERS_H
#define DMAOWN_TRANSFER_HOLDERS_H

#include <linux/ktime.h>

#include "contexts.h"
#include "devices.h"
#include "snapshot.h"

/* The holders of a set of contexts. */
struct holders {
	struct snapshot snapshot;
	struct bound_devices devices;
	ktime_t found; /* start of the search; 0 if there was none */
};

/*
 * Search the files of all processes, if that has not been done or was long ago. Return: 0; -ENOMEM;
 * -EINTR; or -EBUSY if a context or a device in it is locked, and *where is the context.
 *
 * If @to is not NULL, a few processes may be enough: this one, the owners, and their parents. That
 * is so if they have all references on the contexts and their files (see tally.h): then a search in
 * the others would find nothing.
 */
int dmaown_holders_refresh(struct holders *holders, const struct contexts *contexts,
			   struct task_struct *to, struct lockset_place *where);
void dmaown_holders_free(struct holders *holders);

/* A report about a holder: with its process, and with its context if that is known. */
struct dmaown_report dmaown_holder_report(const struct holder *holder,
					  const struct context *contexts,
					  enum dmaown_reason reason);

/* The real user ID of a holder, in the caller's user namespace. */
u64 dmaown_holder_user(const struct holder *holder);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A departure: some processes exit. For a transfer they are the old owners, for DMAOWN_IOC_LEAVE
 * the process that the caller names.
 */
#ifndef DMAOWN_TRANSFER_DEPARTURE_H
#define DMAOWN_TRANSFER_DEPARTURE_H

#include "force.h"
#include "holders.h"
#include "ptrset.h"
#include "report.h"

struct departure {
	const struct holders *holders; /* of the contexts; they have been found */
	const struct context *contexts;
	unsigned int contexts_nr;
	const unsigned long *touched; /* a bit for each context that counts */
	const struct ptrset *leaving; /* the processes, by struct pid */
	const struct forces *forces;  /* reasons that are accepted */
};

/*
 * Report the devices and groups that would be reset, the devices whose holders are unknown, and the
 * contexts whose holders the module cannot inspect. Does not sleep.
 */
void dmaown_departure_check(const struct departure *departure, struct reports *reports);

/*
 * Report the contexts that would lose all that is mapped in them. Does not sleep. A transfer does
 * not ask: its new owner keeps the context.
 */
void dmaown_departure_check_losses(const struct departure *departure, struct reports *reports);

/*
 * Report each process that could not be read to the end, whoever's it is: it may keep what seems to
 * be lost. Does not sleep.
 */
void dmaown_departure_check_unread(const struct departure *departure, struct reports *reports);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* A departure: some processes exit. For a transfer they are the old owners. */
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

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Charges of old and new owners, before, during and after a transfer. */
#ifndef DMAOWN_TRANSFER_CHARGE_H
#define DMAOWN_TRANSFER_CHARGE_H

#include "plan.h"
#include "report.h"

int dmaown_charges_init(void);
void dmaown_charges_exit(void);

/* The charges that a plan adds to the user and address space of the new owner, in pages. */
struct charges {
	size_t user;
	size_t mm;	     /* within the limit */
	size_t mm_unlimited; /* exempt from the limit */
};

struct charges dmaown_charges_sum(const struct plan *plan);

/* The totals that both would have locked with these charges, in pages. */
struct charges dmaown_charges_locked(const struct charges *charges, const struct owner *to);

/* Report the limits of the new owner that the charges would exceed now. */
void dmaown_charges_check(const struct charges *charges, const struct owner *to,
			  struct reports *reports);

/*
 * Charge the new owner, within its limits. Does not sleep. Return: 0; -ENOMEM with a report; or
 * -EBUSY if its address space is locked.
 */
int dmaown_charges_take(const struct charges *charges, const struct owner *to,
			struct reports *reports);

/*
 * Move the pins (VmPin), which have no limit. Called under the locks under which the owners change.
 */
void dmaown_charges_move_pins(const struct plan *plan);

/* Uncharge the old owners, after everything is unlocked. */
void dmaown_charges_settle(struct plan *plan);

#endif

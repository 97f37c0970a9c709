/* SPDX-License-Identifier: GPL-2.0-only */
/* Who is charged for what, before, after, and in between. */
#ifndef DMAOWN_CHARGE_H
#define DMAOWN_CHARGE_H

#include "plan.h"
#include "report.h"

int charge_init(void);
void charge_exit(void);

/* What the new owner's user and address space will be charged, in pages. */
struct charges {
	size_t user;
	size_t mm;			/* within the limit */
	size_t mm_unlimited;		/* and beyond it */
};

struct charges charges_sum(const struct plan *plan);

/* What both will have locked with that, in pages. */
struct charges charges_locked(const struct charges *charges, const struct owner *to);

/* Reports what would exceed a limit of the new owner, as it is now. */
void charges_check(const struct charges *charges, const struct owner *to, struct reports *reports);

/*
 * Charges the new owner, within its limits. 0; -ENOMEM with a report; or -EBUSY if its address
 * space is locked. Does not sleep.
 */
int charges_take(const struct charges *charges, const struct owner *to, struct reports *reports);

/*
 * Moves the pins themselves (VmPin), which have no limit. Under the locks, where the owners change.
 */
void charges_move_pins(const struct plan *plan);

/* Takes off the old owners what was charged to them, after everything is unlocked. */
void charges_settle(struct plan *plan);

#endif

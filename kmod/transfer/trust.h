/* SPDX-License-Identifier: GPL-2.0-only */
/* The other holders of the contexts of a transfer: may they pin memory of the new owner? */
#ifndef DMAOWN_TRANSFER_TRUST_H
#define DMAOWN_TRANSFER_TRUST_H

#include "force.h"
#include "holders.h"
#include "plan.h"
#include "report.h"

/*
 * Report the holders that run neither as the new owner's user nor as root. Only contexts that the
 * plan touches count. Does not sleep.
 */
void dmaown_trust_check(const struct holders *holders, const struct plan *plan,
			const struct forces *forces, struct reports *reports);

#endif

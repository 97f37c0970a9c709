/* SPDX-License-Identifier: GPL-2.0-only */
/* The reasons for which a transfer is refused, and the count of refusals for each. */
#ifndef DMAOWN_REASON_H
#define DMAOWN_REASON_H

#include <linux/types.h>

/* All reasons are below this; some numbers below it are not in use. */
unsigned int dmaown_reasons_end(void);

/* Return: the name of a reason, or "" if the number is not in use. */
const char *dmaown_reason_name(u32 reason);

/* The positive errno with which a transfer fails for a reason. */
int dmaown_reason_error(u32 reason);

/* Count a refused transfer by its first reason; 0 if it has none. */
void dmaown_refusal_count(u32 reason);

/* The refusals since the module was loaded: all of them, or those with this first reason. */
u64 dmaown_refusals_total(void);
u64 dmaown_refusals_for(u32 reason);

#endif

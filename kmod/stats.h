/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters of transfers since the module was loaded. */
#ifndef DMAOWN_STATS_H
#define DMAOWN_STATS_H

#include <linux/types.h>

struct status_record;

/* Count a transfer that moved areas; pinned is in bytes. */
void dmaown_stats_transfer(u64 areas, u64 pinned);

/* Count the retries of a transfer or dry run. */
void dmaown_stats_retries(u32 retries);

/*
 * Count a search for the holders of the contexts of a transfer or dry run. few: only a few
 * processes were searched (see tally.h).
 */
void dmaown_stats_search(bool few);

/* Set the counters of the status record, refusals included. */
void dmaown_stats_fill(struct status_record *rec);

#endif

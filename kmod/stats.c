// SPDX-License-Identifier: GPL-2.0-only
#include <linux/atomic.h>

#include "reason.h"
#include "record.h"
#include "stats.h"

static struct {
	atomic64_t transfers;
	atomic64_t retries;
	atomic64_t areas;
	atomic64_t pinned; /* bytes */
	atomic64_t searches;
	atomic64_t few_searches; /* of these */
} stats;

void dmaown_stats_transfer(u64 areas, u64 pinned)
{
	atomic64_inc(&stats.transfers);
	atomic64_add(areas, &stats.areas);
	atomic64_add(pinned, &stats.pinned);
}

void dmaown_stats_retries(u32 retries)
{
	atomic64_add(retries, &stats.retries);
}

void dmaown_stats_search(bool few)
{
	atomic64_inc(&stats.searches);
	if (few)
		atomic64_inc(&stats.few_searches);
}

void dmaown_stats_fill(struct status_record *rec)
{
	record_set(rec, status, transfers, atomic64_read(&stats.transfers));
	record_set(rec, status, refusals, dmaown_refusals_total());
	record_set(rec, status, retries, atomic64_read(&stats.retries));
	record_set(rec, status, areas, atomic64_read(&stats.areas));
	record_set(rec, status, pinned, atomic64_read(&stats.pinned));
	record_set(rec, status, searches, atomic64_read(&stats.searches));
	record_set(rec, status, few_searches, atomic64_read(&stats.few_searches));
}

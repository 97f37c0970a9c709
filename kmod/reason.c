// SPDX-License-Identifier: GPL-2.0-only
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/kernel.h>

#include "reason.h"
#include "uapi/dmaown.h"

static const struct {
	int error;
	const char *name;
} reasons[] = {
#define REASON(c, v, e, n, s) [v] = { (e), (n) },
	DMAOWN_REASONS(REASON)
};

static atomic64_t refusals[ARRAY_SIZE(reasons)];

unsigned int dmaown_reasons_end(void)
{
	return ARRAY_SIZE(reasons);
}

const char *dmaown_reason_name(u32 reason)
{
	return reason < ARRAY_SIZE(reasons) && reasons[reason].name ? reasons[reason].name : "";
}

int dmaown_reason_error(u32 reason)
{
	return reasons[reason].error;
}

void dmaown_refusal_count(u32 reason)
{
	atomic64_inc(&refusals[reason]);
}

u64 dmaown_refusals_for(u32 reason)
{
	return atomic64_read(&refusals[reason]);
}

u64 dmaown_refusals_total(void)
{
	u64 total = 0;
	u32 reason;

	for (reason = 0; reason < dmaown_reasons_end(); reason++)
		total += dmaown_refusals_for(reason);
	return total;
}

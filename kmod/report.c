// SPDX-License-Identifier: GPL-2.0-only
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "report.h"

static const struct {
	int error;
	const char *name;
} reasons[] = {
#define REASON(c, v, e, n, s)	[v] = { (e), (n) },
	DMAOWN_REASONS(REASON)
};

/* Of several errors, the first here wins. */
static const int precedence[] = { ENOENT, ESRCH, ENOMEM, ENXIO, EINVAL, EBUSY, EXDEV, EBADF };

static atomic64_t refusals[ARRAY_SIZE(reasons)];

const char *reason_name(u32 reason)
{
	return reason < ARRAY_SIZE(reasons) && reasons[reason].name ? reasons[reason].name : "";
}

unsigned int reasons_end(void)
{
	return ARRAY_SIZE(reasons);
}

void refusal_count(const struct reports *reports)
{
	atomic64_inc(&refusals[reports->total ? reports->first_reason : 0]);
}

u64 refusals_for(u32 reason)
{
	return atomic64_read(&refusals[reason]);
}

u64 refusals_total(void)
{
	u64 total = 0;
	u32 reason;

	for (reason = 0; reason < reasons_end(); reason++)
		total += refusals_for(reason);
	return total;
}

int reports_alloc(struct reports *reports, u32 room)
{
	memset(reports, 0, sizeof(*reports));
	if (!room)
		return 0;
	reports->array = kvcalloc(room, sizeof(*reports->array), GFP_KERNEL);
	if (!reports->array)
		return -ENOMEM;
	reports->room = room;
	return 0;
}

void reports_free(struct reports *reports)
{
	kvfree(reports->array);
}

void reports_clear(struct reports *reports)
{
	reports->nr = 0;
	reports->total = 0;
	reports->errors = 0;
}

void reports_rewind(struct reports *reports, const struct reports *to)
{
	*reports = *to;
	/* It may have grown since. */
	if (reports->nr && reports->nr == reports->total)
		reports->array[reports->nr - 1] = reports->last;
}

/* Ranges follow one another in IOVA and, if they have one, in the address space. */
static bool continues(const struct dmaown_report *last, const struct dmaown_report *next)
{
	if (last->reason != next->reason || last->context != next->context ||
	    last->ioas != next->ioas || last->process != next->process ||
	    last->value != next->value || last->limit != next->limit)
		return false;
	if (next->iova != last->last + 1 || !next->iova)
		return false;
	return !next->addr || next->addr == last->addr + (next->iova - last->iova);
}

void report_add(struct reports *reports, const struct dmaown_report *report)
{
	struct dmaown_report *last = &reports->last;

	if (reports->total && continues(last, report)) {
		last->last = report->last;
	} else {
		*last = *report;
		last->error = reasons[report->reason].error;
		if (!reports->total)
			reports->first_reason = report->reason;
		if (reports->total < U32_MAX)
			reports->total++;
		if (reports->nr < reports->room)
			reports->nr++;
	}
	reports->errors |= BIT_ULL(last->error);
	if (reports->nr == reports->total && reports->nr)
		reports->array[reports->nr - 1] = *last;
}

int reports_error(const struct reports *reports)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(precedence); i++)
		if (reports->errors & BIT_ULL(precedence[i]))
			return -precedence[i];
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "reason.h"
#include "report.h"

/* The first of these errors that occurred is returned. */
static const int precedence[] = { ENOENT, ESRCH, ENOMEM, ENXIO, EINVAL, EBUSY, EXDEV, EBADF };

int dmaown_reports_alloc(struct reports *reports, u32 room)
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

void dmaown_reports_free(struct reports *reports)
{
	kvfree(reports->array);
}

void dmaown_reports_clear(struct reports *reports)
{
	reports->nr = 0;
	reports->total = 0;
	reports->errors = 0;
}

void dmaown_reports_rewind(struct reports *reports, const struct reports *to)
{
	*reports = *to;
	/* The last entry may have grown since. */
	if (reports->nr && reports->nr == reports->total)
		reports->array[reports->nr - 1] = reports->latest;
}

/*
 * Do two reports join to one? Their ranges must be adjacent in IOVA and, with an address, in
 * memory.
 */
static bool report_continues(const struct dmaown_report *latest, const struct dmaown_report *next)
{
	if (latest->reason != next->reason || latest->context != next->context ||
	    latest->ioas != next->ioas || latest->process != next->process ||
	    latest->value != next->value || latest->limit != next->limit)
		return false;
	if (next->iova != latest->last + 1 || !next->iova)
		return false;
	return !next->addr || next->addr == latest->addr + (next->iova - latest->iova);
}

void dmaown_report_add(struct reports *reports, const struct dmaown_report *report)
{
	struct dmaown_report *latest = &reports->latest;

	if (reports->total && report_continues(latest, report)) {
		latest->last = report->last;
	} else {
		*latest = *report;
		latest->error = dmaown_reason_error(report->reason);
		if (!reports->total)
			reports->first_reason = report->reason;
		if (reports->total < U32_MAX)
			reports->total++;
		if (reports->nr < reports->room)
			reports->nr++;
	}
	reports->errors |= BIT_ULL(latest->error);
	if (reports->nr == reports->total && reports->nr)
		reports->array[reports->nr - 1] = *latest;
}

int dmaown_reports_error(const struct reports *reports)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(precedence); i++)
		if (reports->errors & BIT_ULL(precedence[i]))
			return -precedence[i];
	return 0;
}

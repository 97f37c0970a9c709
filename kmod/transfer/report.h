/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_TRANSFER_REPORT_H
#define DMAOWN_TRANSFER_REPORT_H

#include "uapi/dmaown.h"

/* The reports of a refusal. Reports beyond the caller's room are only counted. */
struct reports {
	struct dmaown_report *array; /* kvmalloc'ed */
	u32 room;
	u32 nr;	    /* entries in array[] */
	u32 total;  /* U32_MAX means that many or more */
	u64 errors; /* a bit for each errno seen; all are below 64 */
	u32 first_reason;
	struct dmaown_report latest; /* copy of the last report, in array[] or not */
};

int dmaown_reports_alloc(struct reports *reports, u32 room);
void dmaown_reports_free(struct reports *reports);
void dmaown_reports_clear(struct reports *reports);

/* Go back to an earlier copy of the struct. */
void dmaown_reports_rewind(struct reports *reports, const struct reports *to);

/*
 * Add a report; its errno follows from its reason. A report that continues the last one in every
 * respect extends that one instead. Does not sleep.
 */
void dmaown_report_add(struct reports *reports, const struct dmaown_report *report);

/*
 * Return: the negative errno that comes first in the order of uapi/dmaown.h, or 0 if there is no
 * report.
 */
int dmaown_reports_error(const struct reports *reports);

#endif

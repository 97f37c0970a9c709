/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_REPORT_H
#define DMAOWN_REPORT_H

#include "uapi/dmaown.h"

/* The reasons for a refusal, as far as the caller gave room; counted beyond that. */
struct reports {
	struct dmaown_report *array;	/* kvmalloc'ed */
	u32 room;
	u32 nr;				/* written */
	u32 total;			/* U32_MAX: that many or more */
	u64 errors;			/* a bit for each errno met; all are below 64 */
	u32 first_reason;
	struct dmaown_report last;	/* a copy of the last one, written or not */
};

int reports_alloc(struct reports *reports, u32 room);
void reports_free(struct reports *reports);
void reports_clear(struct reports *reports);

/* Goes back to a copy of the struct that was made earlier. */
void reports_rewind(struct reports *reports, const struct reports *to);

/*
 * Adds one; its error follows from its reason. It grows the last one if it continues that in every
 * respect. Does not sleep.
 */
void report_add(struct reports *reports, const struct dmaown_report *report);

/* The errno, negative, that comes first in the order of uapi/dmaown.h; 0 if there is no report. */
int reports_error(const struct reports *reports);

/* Counts a transfer that was refused, by its first reason. */
void refusal_count(const struct reports *reports);

/* How many there were since the module was loaded; 0 stands for those that gave no reason. */
u64 refusals_total(void);
u64 refusals_for(u32 reason);

/* Reasons are below this; not each number is one. */
unsigned int reasons_end(void);

/* A reason's name; "" if there is none. */
const char *reason_name(u32 reason);

#endif

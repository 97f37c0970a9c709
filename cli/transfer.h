/* SPDX-License-Identifier: GPL-2.0-only */
/* A transfer: what was asked for, what came of it, and how both are told. */
#ifndef DMAOWN_CLI_TRANSFER_H
#define DMAOWN_CLI_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>

#include <argp.h>

#include "channel.h"
#include "force.h"
#include "limit.h"
#include "moves.h"
#include "process.h"
#include "remap.h"

struct transfer {
	/* as asked for */
	struct channel_choice choice;
	const char *to_text;
	const char *from_text;		/* or NULL */
	const char **contexts;
	size_t nr_contexts;
	struct remap_list remaps;
	struct force_list forces;
	uint32_t timeout_ms;
	bool remap_auto;
	bool adopt;
	bool raise_limit;
	bool dry_run;
	bool json;
	bool quiet;
	bool verbose;
	const struct hold_memory *held;	/* what hold gives back, from where it was; or NULL */

	/* as found */
	struct channel channel;
	struct process_name to_name;
	struct process_name from_name;
	struct process_ref to;
	struct process_ref from;
	struct dmaown_file *files;	/* nr_contexts of them */
	struct dmaown_force *accepted;
	uint32_t nr_accepted;
	struct moves moves;		/* before it; empty if nobody is told */

	/* as it came out */
	struct dmaown_transfer call;
	struct dmaown_report *reports;	/* call.nr_reports of them */
	int error;			/* errno of the refusal, or 0 */
	int status;			/* to exit with */
	struct limit limit;
	int limit_error;		/* why it could not be raised: -errno, or 0 */
	char *undo;			/* command that undoes it, or NULL */
	const char *no_undo;		/* and then why there is none */
};

/* The options of transfer and check; their input is a struct transfer. */
extern const struct argp transfer_argp;
extern const struct argp check_argp;

/*
 * The ioctl, with DMAOWN_TRANSFER_* in flags besides those that are asked for by options. To be
 * called with signals caught (interrupt.h). Fills call and reports, and returns its errno; EINTR
 * when it was interrupted.
 */
int transfer_call(int device, struct transfer *transfer, uint32_t flags);

/*
 * The same for --raise-limit. In a dry run, the answer that there would be with the limit raised.
 * Fills limit and limit_error, too.
 */
int transfer_call_raising(int device, struct transfer *transfer);

/*
 * --remap auto: adds to remaps where TO has what is not in it yet; an empty list means that all is
 * where it was. 0, or an errno: with reports, or after a message where there are none.
 */
int remap_auto(struct transfer *transfer);

/* Room for reports. What does not fit is counted. */
#define TRANSFER_REPORTS	4096

/* Sets undo or no_undo for the transfer, from how things are before it. */
void find_undo(struct transfer *transfer);

struct reason {
	int error;
	const char *name;
	const char *text;
};

/* Reasons that --remap auto finds, and not the module: (constant, value, errno, name, sentence). */
#define TOOL_REASONS(E)									\
	/* process: the old owner; addr: in its address space */			\
	E(REASON_REMAP_NOWHERE,	0x10000, EINVAL, "remap-nowhere",			\
	  "--remap auto does not find this memory anywhere in the new owner's address space") \
	/* process: the new owner; addr: in its address space */			\
	E(REASON_REMAP_UNFIT,	0x10001, EINVAL, "remap-unfit",				\
	  "--remap auto finds this memory in the new owner's address space, but not all of it, " \
	  "or not shared, or without a permission that the device has")		\
	/* the same of one of the places; value: how many there are */			\
	E(REASON_REMAP_AMBIGUOUS, 0x10002, EINVAL, "remap-ambiguous",			\
	  "--remap auto finds this memory in several places in the new owner's address space") \
	/* process: the owner that is gone */						\
	E(REASON_REMAP_NO_OWNER, 0x10003, EINVAL, "remap-no-owner",			\
	  "its owner is dead or has exec'd since: --remap auto has no mappings of it to look " \
	  "this memory up in")

#define TOOL_REASON_ENUM_(c, v, e, n, s)	c = (v),
enum tool_reason { TOOL_REASONS(TOOL_REASON_ENUM_) };

/* Of an enum dmaown_reason or tool_reason; one of a newer module is described as such. */
const struct reason *reason_of(uint32_t reason);

/* Is it about the new owner's limit? How much would have to fit below it, for all that are? */
bool is_limit(const struct dmaown_report *report);
uint64_t report_needed(const struct transfer *transfer);

/* One line for a report: where, what, and the figures that go with it. The caller frees it. */
char *report_format(const struct dmaown_report *report, const struct transfer *transfer);

/* What can be done about a refusal, one piece of advice at a time; NULL: no more. */
char *report_advice(const struct transfer *transfer, unsigned int n);

void transfer_print(const struct transfer *transfer);
void transfer_print_json(const struct transfer *transfer);

#endif

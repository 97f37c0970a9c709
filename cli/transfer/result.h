/* SPDX-License-Identifier: GPL-2.0-only */
/* A result: the outcome of a transfer or a check. */
#ifndef DMAOWN_CLI_TRANSFER_RESULT_H
#define DMAOWN_CLI_TRANSFER_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include <dmaown.h>

#include "preview.h"
#include "query/limit.h"
#include "undo.h"

/* Room for reports. Further reports are only counted. */
#define TRANSFER_REPORTS 4096

struct transfer_result {
	int error;	/* errno of the refusal or failure, or 0 */
	int status;	/* exit status */
	bool explained; /* a message about the error has been printed */

	struct dmaown_transfer answer; /* of the ioctl; also holds the number of reports */
	struct dmaown_report *reports; /* answer.nr_reports of TRANSFER_REPORTS */

	struct limit limit;	/* with --raise-limit */
	int limit_error;	/* reason why the limit could not be raised: -errno, or 0 */
	struct preview preview; /* from before the ioctl; empty if nobody is to see it */
	struct undo undo;

	/* outcome of --remap auto */
	char *found;	    /* lines for --verbose, or NULL */
	bool search_failed; /* without reports; error is the reason */
	bool hidden_owner;  /* failed because an old owner has no PID in this PID namespace */
};

/* Return: 0 or -ENOMEM. */
int result_init(struct transfer_result *result);
void result_free(struct transfer_result *result);

/* Add a report, with the errno that belongs to its reason. */
void result_add_report(struct transfer_result *result, const struct dmaown_report *report);
void result_clear_reports(struct transfer_result *result);

/* Set the error and the exit status that belongs to it. Return: the exit status. */
int result_fail(struct transfer_result *result, int error);

/*
 * Record a failure that a message has explained.
 * @status: exit status; the error is derived from it
 * @other: the errno that EXIT_OTHER stands for
 * Return: the exit status.
 */
int result_fail_explained(struct transfer_result *result, int status, int other);

/* Return: the most bytes that had to fit below the new owner's limit, of all reports about it. */
uint64_t result_needed(const struct transfer_result *result);

/* Has the limit been raised, or would it be? */
bool result_raises_limit(const struct transfer_result *result);

#endif

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "exit_status.h"
#include "reason.h"
#include "result.h"

int result_init(struct transfer_result *result)
{
	*result = (struct transfer_result){
		.reports = calloc(TRANSFER_REPORTS, sizeof(*result->reports)),
	};
	return result->reports ? 0 : -ENOMEM;
}

void result_free(struct transfer_result *result)
{
	undo_free(&result->undo);
	preview_free(&result->preview);
	free(result->found);
	free(result->reports);
	*result = (struct transfer_result){ 0 };
}

void result_add_report(struct transfer_result *result, const struct dmaown_report *report)
{
	struct dmaown_transfer *answer = &result->answer;
	struct dmaown_report *to = &result->reports[answer->nr_reports];

	answer->reports_total++;
	if (answer->nr_reports == TRANSFER_REPORTS)
		return;
	*to = *report;
	to->error = reason_of(report->reason)->error;
	answer->nr_reports++;
}

void result_clear_reports(struct transfer_result *result)
{
	result->answer.nr_reports = 0;
	result->answer.reports_total = 0;
}

int result_fail(struct transfer_result *result, int error)
{
	result->error = error;
	result->status = exit_of_errno(error);
	return result->status;
}

static int error_of_status(int status, int other)
{
	switch (status) {
	case EXIT_NOT_ALLOWED:
		return EPERM;
	case EXIT_NOT_LOADED:
		return ENODEV;
	case EXIT_INTERRUPTED:
		return EINTR;
	case EXIT_OTHER:
		return other;
	default:
		return EIO;
	}
}

int result_fail_explained(struct transfer_result *result, int status, int other)
{
	result->error = error_of_status(status, other);
	result->status = status;
	result->explained = true;
	return status;
}

uint64_t result_needed(const struct transfer_result *result)
{
	const struct dmaown_report *report;
	uint64_t most = 0;
	uint32_t i;

	for (i = 0; i < result->answer.nr_reports; i++) {
		report = &result->reports[i];
		if (reason_is_limit(report->reason) && report->value > most)
			most = report->value;
	}
	return most;
}

bool result_raises_limit(const struct transfer_result *result)
{
	return result->limit.state == LIMIT_RAISED || result->limit.state == LIMIT_WOULD_BE_RAISED;
}

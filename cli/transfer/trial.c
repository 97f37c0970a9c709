// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "call.h"
#include "reason.h"
#include "remap_auto.h"
#include "report.h"
#include "trial.h"

#define TIMEOUT_MS 200 /* for what is locked or in flux */

/* Return: the first report with this errno, or NULL. */
static const struct dmaown_report *find_error(const struct transfer_result *result, uint32_t error)
{
	uint32_t i;

	for (i = 0; i < result->answer.nr_reports; i++)
		if (result->reports[i].error == error)
			return &result->reports[i];
	return NULL;
}

/*
 * Return: the report that is hardest to overcome, or NULL. A limit can be raised and a descriptor
 * passed on, so that missing memory is worse than both.
 */
static const struct dmaown_report *find_worst(const struct transfer_result *result)
{
	static const int order[] = { ESRCH, EINVAL, ENXIO };
	const struct dmaown_report *report;
	size_t i;

	if (!result->answer.nr_reports)
		return NULL;
	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		report = find_error(result, order[i]);
		if (report)
			return report;
	}
	return &result->reports[0];
}

static void conclude(struct trial *trial, const struct transfer_request *request,
		     const struct transfer_result *result)
{
	const struct dmaown_report *report = find_worst(result);

	if (!report)
		return;
	trial->report = *report;
	trial->text = report_format(report, request, result);
	if (reason_is_limit(report->reason))
		trial->needed = result_needed(result);
}

int trial_run(struct trial *trial)
{
	const char *context = "";
	const struct transfer_request request = {
		.contexts = &context,
		.nr_contexts = 1,
		.adopt = trial->adopt,
		.remap_auto = trial->remap_auto,
		.timeout_ms = TIMEOUT_MS,
	};
	struct transfer_scope scope = {
		.channel = *trial->channel,
		.device = trial->device,
		.to = trial->to,
		.from = trial->from,
		.has_from = true,
		.files = &trial->file,
		.nr_files = 1,
	};
	struct transfer_result result;

	if (result_init(&result))
		return trial->error = ENOMEM;
	trial->error = request.remap_auto ? remap_auto(&request, &scope, &result) : 0;
	if (!trial->error)
		trial->error = transfer_call(&request, &scope, DMAOWN_TRANSFER_DRY_RUN, &result);
	if (trial->error)
		conclude(trial, &request, &result);
	remap_free(&scope.remaps);
	result_free(&result);
	return trial->error;
}

void trial_free(struct trial *trial)
{
	free(trial->text);
	trial->text = NULL;
}

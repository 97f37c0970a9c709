// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/json.h"
#include "preview_print.h"
#include "print_json.h"
#include "reason.h"
#include "report.h"

static void hex_or_null(struct json *json, const char *key, uint64_t value, bool has)
{
	if (has)
		json_hex(json, key, value);
	else
		json_null(json, key);
}

static void number_or_null(struct json *json, const char *key, uint64_t value, bool has)
{
	if (has)
		json_number(json, key, value);
	else
		json_null(json, key);
}

static void report_to_json(struct json *json, const struct dmaown_report *report,
			   const struct transfer_request *request,
			   const struct transfer_result *result)
{
	bool limit = reason_is_limit(report->reason);
	bool range = report->iova || report->last;
	char *device = *report->device ? strndup(report->device, sizeof(report->device)) : NULL;
	char *text = report_format(report, request, result);

	json_open(json, NULL, '{');
	json_string(json, "reason", reason_of(report->reason)->name);
	json_string(json, "errno", strerrorname_np(report->error));
	hex_or_null(json, "context", report->context, report->context);
	number_or_null(json, "ioas", report->ioas, report->ioas);
	hex_or_null(json, "iova", report->iova, range);
	hex_or_null(json, "last", report->last, range);
	hex_or_null(json, "addr", report->addr, report->addr);
	number_or_null(json, "pid", report->process, report->process);
	number_or_null(json, "value", report->value,
		       limit || report->value || report->reason == DMAOWN_REASON_NO_CONTEXT);
	number_or_null(json, "limit", report->limit, limit || report->limit);
	json_string(json, "device", device);
	json_string(json, "text", text);
	json_close(json, '}');
	free(text);
	free(device);
}

static void limit_to_json(struct json *json, const char *key, rlim_t value)
{
	number_or_null(json, key, value, value != RLIM_INFINITY);
}

/* Write the limit that stays raised after the transfer, or would. */
static void raised_to_json(struct json *json, const struct transfer_result *result)
{
	const struct limit *limit = &result->limit;

	if (!result_raises_limit(result)) {
		json_null(json, "limit_raised");
		return;
	}
	json_open(json, "limit_raised", '{');
	json_number(json, "pid", limit->pid);
	limit_to_json(json, "from", limit->from.rlim_cur);
	limit_to_json(json, "to", limit->to.rlim_cur);
	limit_to_json(json, "hard_from", limit->from.rlim_max);
	limit_to_json(json, "hard_to", limit->to.rlim_max);
	json_close(json, '}');
}

static const char *result_name(const struct transfer_request *request,
			       const struct transfer_result *result)
{
	if (result->error)
		return "refused";
	if (!result->answer.areas)
		return "unchanged";
	return request->dry_run ? "would-move" : "moved";
}

void transfer_print_json(const struct transfer_request *request, const struct process_ref *to,
			 const struct transfer_result *result)
{
	const struct dmaown_transfer *answer = &result->answer;
	struct json json = { .out = stdout };
	uint32_t i;

	json_open(&json, NULL, '{');
	json_string(&json, "result", result_name(request, result));
	json_bool(&json, "changed", !result->error && !request->dry_run && answer->areas);
	json_string(&json, "errno", result->error ? strerrorname_np(result->error) : NULL);
	json_open(&json, "reasons", '[');
	for (i = 0; i < answer->nr_reports; i++)
		report_to_json(&json, &result->reports[i], request, result);
	json_close(&json, ']');
	json_number(&json, "reasons_total", answer->reports_total);
	json_string(&json, "undo", result->undo.command);
	raised_to_json(&json, result);
	json_number(&json, "contexts", answer->contexts);
	json_number(&json, "areas", answer->areas);
	json_number(&json, "areas_total", answer->areas_total);
	json_number(&json, "adopted", answer->adopted);
	json_number(&json, "pages_objects", answer->pages_objects);
	json_number(&json, "pinned", answer->pinned);
	json_number(&json, "charged_user", answer->charged_user);
	json_number(&json, "charged_mm", answer->charged_mm);
	json_number(&json, "retries", answer->retries);
	preview_to_json(to, result, &json);
	json_close(&json, '}');
}

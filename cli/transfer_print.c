// SPDX-License-Identifier: GPL-2.0-only
/* What came of a transfer, for people and for programs. */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "size.h"
#include "transfer.h"

static const char *plural(uint64_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

static void print_charges(const struct transfer *transfer)
{
	const struct dmaown_transfer *call = &transfer->call;
	const char *verb = transfer->dry_run ? "would be charged" : "is charged";
	char size[SIZE_TEXT];
	char *user = user_name(transfer->to.uid);

	if (call->charged_user)
		printf("user %s %s %s more (mode user)\n", user ?: "?", verb,
		       size_format(size, call->charged_user));
	if (call->charged_mm)
		printf("process %" PRIu32 " %s %s more (mode mm)\n", transfer->to.process.pid, verb,
		       size_format(size, call->charged_mm));
	if (!call->charged_user && !call->charged_mm)
		printf("nothing %s in addition against a limit\n", verb);
	free(user);
}

static bool limit_matters(const struct limit *limit)
{
	return limit->state == LIMIT_RAISED || limit->state == LIMIT_WOULD_BE_RAISED;
}

static void print_limit(const struct limit *limit)
{
	bool raised = limit->state == LIMIT_RAISED;
	char from[SIZE_TEXT], to[SIZE_TEXT];

	if (!limit_matters(limit))
		return;
	printf("RLIMIT_MEMLOCK of process %" PRIu32 " %s from %s to %s (%" PRIu64 " bytes)%s%s\n",
	       limit->pid, raised ? "was raised" : "would be raised",
	       size_format(from, limit->from.rlim_cur), size_format(to, limit->to.rlim_cur),
	       (uint64_t)limit->to.rlim_cur,
	       limit->to.rlim_max != limit->from.rlim_max ? ", the hard limit as well" : "",
	       raised ? ", and stays so" : "");
}

static void warn_limit(const struct transfer *transfer)
{
	uint32_t pid = transfer->to.process.pid;

	if (transfer->limit_error == -EAGAIN)
		warnx("RLIMIT_MEMLOCK of process %" PRIu32 " was changed by somebody else just now",
		      pid);
	else if (transfer->limit_error)
		warnx("cannot raise RLIMIT_MEMLOCK of process %" PRIu32 ": %s", pid,
		      strerror(-transfer->limit_error));
	else if (transfer->limit.state == LIMIT_PUT_BACK)
		warnx("RLIMIT_MEMLOCK of process %" PRIu32 " had been raised, and is as it was",
		      pid);
	else if (transfer->limit.state == LIMIT_LEFT)
		warnx("RLIMIT_MEMLOCK of process %" PRIu32 " had been raised, and then changed by "
		      "somebody else: it is left like that", pid);
}

static void print_moved(const struct transfer *transfer)
{
	const struct dmaown_transfer *call = &transfer->call;
	const char *adopted = transfer->dry_run ? "would be" : plural(call->adopted, "was", "were");
	char size[SIZE_TEXT];

	moves_print(transfer);
	printf("%s %" PRIu64 " of %" PRIu64 " %s in %" PRIu32 " %s to process %" PRIu32
	       ": %" PRIu64 " pages %s, %s pinned\n",
	       transfer->dry_run ? "would move" : "moved",
	       (uint64_t)call->areas, (uint64_t)call->areas_total,
	       plural(call->areas_total, "area", "areas"),
	       call->contexts, plural(call->contexts, "context", "contexts"),
	       transfer->to.process.pid, (uint64_t)call->pages_objects,
	       plural(call->pages_objects, "object", "objects"), size_format(size, call->pinned));
	if (call->adopted)
		printf("%" PRIu64 " of them %s adopted from owners that are dead or stale\n",
		       (uint64_t)call->adopted, adopted);
	print_charges(transfer);
	print_limit(&transfer->limit);
	if (transfer->undo)
		printf("undo with: %s\n", transfer->undo);
	else if (transfer->no_undo)
		printf("this cannot be undone: %s\n", transfer->no_undo);
}

static void print_unchanged(const struct transfer *transfer)
{
	uint32_t pid = transfer->to.process.pid;

	if (!transfer->call.contexts)
		printf("nothing to do: process %" PRIu32 " holds no context\n", pid);
	else if (!transfer->call.areas_total)
		printf("nothing to do: there are no areas\n");
	else
		printf("nothing to do: process %" PRIu32 " owns everything already\n", pid);
}

static void print_refused(const struct transfer *transfer)
{
	const struct dmaown_transfer *call = &transfer->call;
	unsigned int n;
	char *text;
	uint32_t i;

	/* A dry run shows what it is about. After a refusal nothing has moved. */
	if (transfer->dry_run && !transfer->json && !transfer->quiet)
		moves_print(transfer);
	for (i = 0; i < call->nr_reports; i++) {
		text = report_format(&transfer->reports[i], transfer);
		warnx("%s", text ?: reason_of(transfer->reports[i].reason)->text);
		free(text);
	}
	if (call->reports_total > call->nr_reports)
		warnx("and %" PRIu32 " more %s, %" PRIu32 " in all",
		      call->reports_total - call->nr_reports,
		      plural(call->reports_total - call->nr_reports, "reason", "reasons"),
		      call->reports_total);
	for (n = 0; (text = report_advice(transfer, n)); n++) {
		warnx("%s", text);
		free(text);
	}
	warn_limit(transfer);
	if (transfer->error == EINTR)
		warnx("interrupted; to see who owns what now: dmaownctl owners");
	else
		warnx("%s: %s", transfer->dry_run ? "would be refused" :
		      "refused, and nothing was changed", strerror(transfer->error));
}

void transfer_print(const struct transfer *transfer)
{
	if (transfer->error)
		print_refused(transfer);
	else if (transfer->json || transfer->quiet)
		return;
	else if (transfer->call.areas)
		print_moved(transfer);
	else
		print_unchanged(transfer);
}

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
			   const struct transfer *transfer)
{
	bool limit = is_limit(report);
	bool range = report->iova || report->last;
	char *device = *report->device ? strndup(report->device, sizeof(report->device)) : NULL;
	char *text = report_format(report, transfer);

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

/* What has been raised, or would be, and stays so. */
static void raised_to_json(struct json *json, const struct limit *limit)
{
	if (!limit_matters(limit)) {
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

static const char *result_name(const struct transfer *transfer)
{
	if (transfer->error)
		return "refused";
	if (!transfer->call.areas)
		return "unchanged";
	return transfer->dry_run ? "would-move" : "moved";
}

void transfer_print_json(const struct transfer *transfer)
{
	const struct dmaown_transfer *call = &transfer->call;
	struct json json = { .out = stdout };
	uint32_t i;

	json_open(&json, NULL, '{');
	json_string(&json, "result", result_name(transfer));
	json_bool(&json, "changed", !transfer->error && !transfer->dry_run && call->areas);
	json_string(&json, "errno", transfer->error ? strerrorname_np(transfer->error) : NULL);
	json_open(&json, "reasons", '[');
	for (i = 0; i < call->nr_reports; i++)
		report_to_json(&json, &transfer->reports[i], transfer);
	json_close(&json, ']');
	json_number(&json, "reasons_total", call->reports_total);
	json_string(&json, "undo", transfer->undo);
	raised_to_json(&json, &transfer->limit);
	json_number(&json, "contexts", call->contexts);
	json_number(&json, "areas", call->areas);
	json_number(&json, "areas_total", call->areas_total);
	json_number(&json, "adopted", call->adopted);
	json_number(&json, "pages_objects", call->pages_objects);
	json_number(&json, "pinned", call->pinned);
	json_number(&json, "charged_user", call->charged_user);
	json_number(&json, "charged_mm", call->charged_mm);
	json_number(&json, "retries", call->retries);
	moves_to_json(transfer, &json);
	json_close(&json, '}');
}

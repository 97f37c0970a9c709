// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/user.h"
#include "output/size.h"
#include "query/process.h"
#include "reason.h"
#include "report.h"

static bool has_range(const struct dmaown_report *report)
{
	return report->iova || report->last;
}

static void put_place(FILE *out, const struct dmaown_report *report)
{
	const char *blank = "";

	if (report->context) {
		fprintf(out, "0x%" PRIx64, (uint64_t)report->context);
		blank = " ";
	}
	if (report->ioas) {
		fprintf(out, "%sioas %" PRIu32, blank, report->ioas);
		blank = " ";
	}
	if (has_range(report)) {
		fprintf(out, "%siova 0x%" PRIx64 "-0x%" PRIx64, blank, (uint64_t)report->iova,
			(uint64_t)report->last);
		blank = " ";
	}
	if (*report->device) {
		fprintf(out, "%sdevice %.*s", blank, (int)sizeof(report->device), report->device);
		blank = " ";
	}
	if (!*blank && report->process) {
		fprintf(out, "process %" PRIu32, report->process);
		blank = " ";
	}
	if (*blank)
		fputs(": ", out);
}

static void put_size(FILE *out, const char *what, uint64_t bytes)
{
	char size[SIZE_TEXT];

	fprintf(out, "%s%s (%" PRIu64 " bytes)", what, size_format(size, bytes), bytes);
}

/*
 * Write what is used and what is needed. The report has the total that is needed.
 * @charge: the part that the transfer adds; 0 if the module stopped before it knew this
 */
static void put_limit(FILE *out, const struct dmaown_report *report, uint64_t charge)
{
	fprintf(out, ": process %" PRIu32, report->process);
	if (charge && charge <= report->value)
		put_size(out, " has used ", report->value - charge);
	put_size(out, charge && charge <= report->value ? ", would need " : " would need ",
		 report->value);
	put_size(out, ", and its limit is ", report->limit);
}

static void put_context(FILE *out, const struct dmaown_report *report,
			const struct transfer_request *request)
{
	if (report->value < request->nr_contexts)
		fprintf(out, " (--context %s)", request->contexts[report->value]);
}

static void put_holder(FILE *out, const struct dmaown_report *report)
{
	char *user = user_name(report->value);

	if (report->process)
		fprintf(out, " (process %" PRIu32 ", user %s)", report->process, user ?: "?");
	else
		fprintf(out, " (a process without a PID in this PID namespace, user %s)",
			user ?: "?");
	free(user);
}

static void put_places(FILE *out, const struct dmaown_report *report)
{
	fprintf(out,
		" (%" PRIu64 " places, one of them at address 0x%" PRIx64 " of process %" PRIu32
		")",
		(uint64_t)report->value, (uint64_t)report->addr, report->process);
}

static void put_details(FILE *out, const struct dmaown_report *report,
			const struct transfer_request *request,
			const struct transfer_result *result)
{
	switch (report->reason) {
	case DMAOWN_REASON_LIMIT_USER:
		put_limit(out, report, result->answer.charged_user);
		break;
	case DMAOWN_REASON_LIMIT_MM:
		put_limit(out, report, result->answer.charged_mm);
		break;
	case DMAOWN_REASON_NO_CONTEXT:
		put_context(out, report, request);
		break;
	case DMAOWN_REASON_WOULD_RESET:
		if (report->process)
			fprintf(out, " (process %" PRIu32 " has it open)", report->process);
		break;
	case DMAOWN_REASON_UNTRUSTED:
	case DMAOWN_REASON_UNREAD:
		put_holder(out, report);
		break;
	case DMAOWN_REASON_UNKNOWN_HOLDER:
		if (report->value)
			fprintf(out, " (%" PRIu64 " open file%s)", (uint64_t)report->value,
				report->value == 1 ? "" : "s");
		break;
	case REASON_REMAP_AMBIGUOUS:
		put_places(out, report);
		break;
	case DMAOWN_REASON_OWNER_DEAD:
	case DMAOWN_REASON_OWNER_STALE:
	case REASON_REMAP_NO_OWNER:
		if (report->process)
			fprintf(out, " (process %" PRIu32 ")", report->process);
		break;
	default:
		if (report->addr && report->process)
			fprintf(out, " (address 0x%" PRIx64 " of process %" PRIu32 ")",
				(uint64_t)report->addr, report->process);
		else if (report->addr)
			fprintf(out, " (address 0x%" PRIx64 ")", (uint64_t)report->addr);
	}
}

char *report_format(const struct dmaown_report *report, const struct transfer_request *request,
		    const struct transfer_result *result)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	put_place(out, report);
	fputs(reason_of(report->reason)->text, out);
	put_details(out, report, request, result);
	fclose(out);
	return text;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Refusals in words. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "size.h"
#include "transfer.h"

#define REASON_(c, v, e, n, s)	[v] = { (e), (n), (s) },
static const struct reason reasons[] = { DMAOWN_REASONS(REASON_) };

#define TOOL_REASON_(c, v, e, n, s)	[(v) - REASON_REMAP_NOWHERE] = { (e), (n), (s) },
static const struct reason tool_reasons[] = { TOOL_REASONS(TOOL_REASON_) };

const struct reason *reason_of(uint32_t reason)
{
	static const struct reason unknown = {
		0, "unknown", "a reason that this version of dmaownctl does not know"
	};

	if (reason < sizeof(reasons) / sizeof(reasons[0]) && reasons[reason].name)
		return &reasons[reason];
	reason -= REASON_REMAP_NOWHERE;
	if (reason < sizeof(tool_reasons) / sizeof(tool_reasons[0]))
		return &tool_reasons[reason];
	return &unknown;
}

bool is_limit(const struct dmaown_report *report)
{
	return report->reason == DMAOWN_REASON_LIMIT_USER ||
	       report->reason == DMAOWN_REASON_LIMIT_MM;
}

uint64_t report_needed(const struct transfer *transfer)
{
	const struct dmaown_report *report;
	uint64_t most = 0;
	uint32_t i;

	for (i = 0; i < transfer->call.nr_reports; i++) {
		report = &transfer->reports[i];
		if (is_limit(report) && report->value > most)
			most = report->value;
	}
	return most;
}

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

/* What is needed is the sum; how much of it is new the call says, if it came so far. */
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
			const struct transfer *transfer)
{
	if (report->value < transfer->nr_contexts)
		fprintf(out, " (--context %s)", transfer->contexts[report->value]);
}

static void put_holder(FILE *out, const struct dmaown_report *report)
{
	char *user = user_name(report->value);

	if (report->process)
		fprintf(out, " (process %" PRIu32 ", user %s)", report->process, user ?: "?");
	else
		fprintf(out, " (one without a number in this PID namespace, user %s)", user ?: "?");
	free(user);
}

static void put_places(FILE *out, const struct dmaown_report *report)
{
	fprintf(out, " (%" PRIu64 ", one of them at address 0x%" PRIx64 " of process %" PRIu32 ")",
		(uint64_t)report->value, (uint64_t)report->addr, report->process);
}

static void put_details(FILE *out, const struct dmaown_report *report,
			const struct transfer *transfer)
{
	switch (report->reason) {
	case DMAOWN_REASON_LIMIT_USER:
		put_limit(out, report, transfer->call.charged_user);
		break;
	case DMAOWN_REASON_LIMIT_MM:
		put_limit(out, report, transfer->call.charged_mm);
		break;
	case DMAOWN_REASON_NO_CONTEXT:
		put_context(out, report, transfer);
		break;
	case DMAOWN_REASON_WOULD_RESET:
		if (report->process)
			fprintf(out, " (process %" PRIu32 " has it open)", report->process);
		break;
	case DMAOWN_REASON_UNTRUSTED:
		put_holder(out, report);
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

char *report_format(const struct dmaown_report *report, const struct transfer *transfer)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	put_place(out, report);
	fputs(reason_of(report->reason)->text, out);
	put_details(out, report, transfer);
	fclose(out);
	return text;
}

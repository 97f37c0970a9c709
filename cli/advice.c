// SPDX-License-Identifier: GPL-2.0-only
/* What can be done about a refusal. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "transfer.h"

/* The first report with this reason, from a given one on; NULL: none. */
static const struct dmaown_report *next_report(const struct transfer *transfer, uint32_t reason,
					       uint32_t i)
{
	for (; i < transfer->call.nr_reports; i++)
		if (transfer->reports[i].reason == reason)
			return &transfer->reports[i];
	return NULL;
}

static const struct dmaown_report *find_report(const struct transfer *transfer, uint32_t reason)
{
	return next_report(transfer, reason, 0);
}

/* Whom a report is about, if it does not say so. */
static uint32_t process_of(const struct dmaown_report *report, const struct transfer *transfer)
{
	return report->process ?: transfer->to.process.pid;
}

/* prlimit(1) sets both limits, unless a colon says that the soft one is meant. */
static char *advise_limit(const struct transfer *transfer)
{
	const struct dmaown_report *report = find_report(transfer, DMAOWN_REASON_LIMIT_USER) ?:
					     find_report(transfer, DMAOWN_REASON_LIMIT_MM);
	uint64_t needed = report_needed(transfer);
	struct rlimit now;
	bool soft;
	char *text;

	if (!report)
		return NULL;
	soft = !prlimit(process_of(report, transfer), RLIMIT_MEMLOCK, NULL, &now) &&
	       now.rlim_max >= needed;
	if (asprintf(&text, "make room with%s: prlimit --pid %" PRIu32 " --memlock=%" PRIu64 "%s",
		     transfer->raise_limit ? "" : " --raise-limit, or with",
		     process_of(report, transfer), needed, soft ? ":" : "") < 0)
		return NULL;
	return text;
}

static char *advise_adopt(const struct transfer *transfer)
{
	if (transfer->adopt || (!find_report(transfer, DMAOWN_REASON_OWNER_DEAD) &&
				!find_report(transfer, DMAOWN_REASON_OWNER_STALE)))
		return NULL;
	return strdup(transfer->remap_auto ?
		      "adopt what the dead or stale owner has left with: --adopt; its mappings are "
		      "gone, so say where the new owner has it with: --remap IOAS:IOVA=ADDR" :
		      "adopt what the dead or stale owner has left with: --adopt; the new owner "
		      "must have, shared, just the pages there that are pinned");
}

static char *advise_not_pinned(const struct transfer *transfer)
{
	if (!find_report(transfer, DMAOWN_REASON_NOT_PINNED))
		return NULL;
	return strdup("what is not pinned cannot be adopted: let a holder of the context unmap it "
		      "and map it again");
}

static char *advise_timeout(const struct transfer *transfer)
{
	const uint32_t longest = DMAOWN_TRANSFER_MAX_TIMEOUT / 1000;
	uint32_t seconds = transfer->timeout_ms < 5000 ? 10 : transfer->timeout_ms / 1000 * 2;
	char *text;

	if (transfer->error != EBUSY || transfer->timeout_ms / 1000 >= longest ||
	    asprintf(&text, "wait longer with: --timeout %" PRIu32,
		     seconds < longest ? seconds : longest) < 0)
		return NULL;
	return text;
}

static char *advise_mapping(const struct transfer *transfer)
{
	const struct dmaown_report *report = find_report(transfer, DMAOWN_REASON_HOLE) ?:
					     find_report(transfer, DMAOWN_REASON_PAGES);
	char *text;

	if (!report)
		return NULL;
	if (asprintf(&text, "let process %" PRIu32 " map the same memory, shared, at the same "
		     "addresses first; or if it has it elsewhere, use: --remap auto",
		     process_of(report, transfer)) < 0)
		return NULL;
	return text;
}

static char *advise_unfound(const struct transfer *transfer)
{
	char *text;

	if (!find_report(transfer, REASON_REMAP_NOWHERE) &&
	    !find_report(transfer, REASON_REMAP_UNFIT))
		return NULL;
	if (asprintf(&text, "let process %" PRIu32 " map all of this memory, shared, at whatever "
		     "address, first", transfer->to.process.pid) < 0)
		return NULL;
	return text;
}

static char *advise_ambiguous(const struct transfer *transfer)
{
	const struct dmaown_report *report = find_report(transfer, REASON_REMAP_AMBIGUOUS);
	char *text;

	if (!report)
		return NULL;
	if (asprintf(&text, "say which one is meant besides --remap auto, such as with: "
		     "--remap 0x%" PRIx64 "/%" PRIu32 ":0x%" PRIx64 "=0x%" PRIx64,
		     (uint64_t)report->context, report->ioas, (uint64_t)report->iova,
		     (uint64_t)report->addr) < 0)
		return NULL;
	return text;
}

static char *advise_no_owner(const struct transfer *transfer)
{
	const struct dmaown_report *report = find_report(transfer, REASON_REMAP_NO_OWNER);
	char *text;

	if (!report)
		return NULL;
	if (asprintf(&text, "leave out --remap auto if process %" PRIu32 " has it at the same "
		     "address; or say where besides, for each such area, with: "
		     "--remap 0x%" PRIx64 "/%" PRIu32 ":0x%" PRIx64 "=ADDR",
		     transfer->to.process.pid, (uint64_t)report->context, report->ioas,
		     (uint64_t)report->iova) < 0)
		return NULL;
	return text;
}

static char *advise_context(const struct transfer *transfer)
{
	const struct dmaown_report *report = find_report(transfer, DMAOWN_REASON_NOT_HELD);
	char *text;

	if (!report)
		return NULL;
	if (asprintf(&text, "pass the context's descriptor to process %" PRIu32 " first",
		     process_of(report, transfer)) < 0)
		return NULL;
	return text;
}

/* The option that accepts what a report says. */
static void put_force(FILE *out, const struct dmaown_report *report)
{
	char name[sizeof(report->device) + 1];

	if (report->reason == DMAOWN_REASON_UNTRUSTED)
		snprintf(name, sizeof(name), "%" PRIu32, report->process);
	else
		snprintf(name, sizeof(name), "%.*s", (int)sizeof(report->device), report->device);
	force_put(out, report->reason, *name && strcmp(name, "0") ? name : NULL);
}

static bool same_force(const struct dmaown_report *a, const struct dmaown_report *b)
{
	return a->process == b->process && !strncmp(a->device, b->device, sizeof(a->device));
}

/* Is it the first report that this option is for? A holder may hold many contexts. */
static bool is_first(const struct transfer *transfer, const struct dmaown_report *report)
{
	const struct dmaown_report *other = find_report(transfer, report->reason);

	while (other < report && !same_force(other, report))
		other = next_report(transfer, report->reason, other - transfer->reports + 1);
	return other == report;
}

static char *advise_force(const struct transfer *transfer, uint32_t reason, const char *advice)
{
	const struct dmaown_report *report = find_report(transfer, reason);
	char *text = NULL;
	size_t length;
	FILE *out;

	if (!report || !(out = open_memstream(&text, &length)))
		return NULL;
	fputs(advice, out);
	for (; report; report = next_report(transfer, reason, report - transfer->reports + 1))
		if (is_first(transfer, report))
			put_force(out, report);
	fclose(out);
	return text;
}

static char *advise_reset(const struct transfer *transfer)
{
	return advise_force(transfer, DMAOWN_REASON_WOULD_RESET,
			    "pass the device's descriptor to the new owner first; or accept the "
			    "reset with:");
}

static char *advise_untrusted(const struct transfer *transfer)
{
	return advise_force(transfer, DMAOWN_REASON_UNTRUSTED,
			    "let it close what it holds of the context; or trust it with:");
}

static char *advise_dead(const struct transfer *transfer)
{
	const struct dmaown_report *report = find_report(transfer, DMAOWN_REASON_NO_PROCESS);

	if (!report || !transfer->from_text || report->process != transfer->from_name.pid)
		return NULL;
	return strdup("a dead owner is named by its owner ID; see: dmaownctl owners");
}

char *report_advice(const struct transfer *transfer, unsigned int n)
{
	static char *(*const advisers[])(const struct transfer *transfer) = {
		advise_dead, advise_adopt, advise_not_pinned, advise_limit, advise_mapping,
		advise_unfound, advise_ambiguous, advise_no_owner,
		advise_timeout, advise_context, advise_reset, advise_untrusted,
	};
	char *text;
	size_t i;

	for (i = 0; i < sizeof(advisers) / sizeof(advisers[0]); i++) {
		text = advisers[i](transfer);
		if (text && !n--)
			return text;
		free(text);
	}
	return NULL;
}

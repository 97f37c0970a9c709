// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice.h"
#include "host/hash.h"
#include "query/holding.h"
#include "query/limit.h"
#include "reason.h"

/* The parameters of advice_format(). */
struct refusal {
	const struct transfer_request *request;
	const struct process_ref *to;
	const struct transfer_result *result;
};

/* Return: the first report with this reason, from number i on; or NULL. */
static const struct dmaown_report *next_report(const struct refusal *refusal, uint32_t reason,
					       uint32_t i)
{
	for (; i < refusal->result->answer.nr_reports; i++)
		if (refusal->result->reports[i].reason == reason)
			return &refusal->result->reports[i];
	return NULL;
}

static const struct dmaown_report *find_report(const struct refusal *refusal, uint32_t reason)
{
	return next_report(refusal, reason, 0);
}

/* Return: the process that a report is about; by default the new owner. */
static uint32_t process_of(const struct dmaown_report *report, const struct refusal *refusal)
{
	return report->process ?: refusal->to->process.pid;
}

static char *advise_limit(const struct refusal *refusal)
{
	const struct dmaown_report *report = find_report(refusal, DMAOWN_REASON_LIMIT_USER);
	char *command, *text = NULL;

	if (!report)
		report = find_report(refusal, DMAOWN_REASON_LIMIT_MM);
	if (!report)
		return NULL;
	command = limit_command(process_of(report, refusal), result_needed(refusal->result));
	if (!command ||
	    asprintf(&text, "make room with%s: %s",
		     refusal->request->raise_limit ? "" : " --raise-limit, or with", command) < 0)
		text = NULL;
	free(command);
	return text;
}

static char *advise_adopt(const struct refusal *refusal)
{
	if (refusal->request->adopt || (!find_report(refusal, DMAOWN_REASON_OWNER_DEAD) &&
					!find_report(refusal, DMAOWN_REASON_OWNER_STALE)))
		return NULL;
	if (refusal->request->remap_auto)
		return strdup("adopt the areas of the dead or stale owner with: --adopt; its "
			      "mappings are gone, so name the address in the new owner with: "
			      "--remap IOAS:IOVA=ADDR");
	return strdup("adopt the areas of the dead or stale owner with: --adopt; the new owner "
		      "must map exactly the pinned pages, shared, at the same addresses");
}

static char *advise_not_pinned(const struct refusal *refusal)
{
	if (!find_report(refusal, DMAOWN_REASON_NOT_PINNED))
		return NULL;
	return strdup("what is not pinned cannot be adopted: let a holder of the context unmap it "
		      "and map it again");
}

static char *advise_timeout(const struct refusal *refusal)
{
	const uint32_t longest = DMAOWN_TRANSFER_MAX_TIMEOUT / 1000;
	uint32_t seconds =
		refusal->request->timeout_ms < 5000 ? 10 : refusal->request->timeout_ms / 1000 * 2;
	char *text;

	if (refusal->result->error != EBUSY || refusal->request->timeout_ms / 1000 >= longest ||
	    asprintf(&text, "wait longer with: --timeout %" PRIu32,
		     seconds < longest ? seconds : longest) < 0)
		return NULL;
	return text;
}

static char *advise_mapping(const struct refusal *refusal)
{
	const struct dmaown_report *report = find_report(refusal, DMAOWN_REASON_HOLE);
	char *text;

	if (!report)
		report = find_report(refusal, DMAOWN_REASON_PAGES);
	if (!report)
		return NULL;
	if (asprintf(&text,
		     "let process %" PRIu32 " map the same memory, shared, at the same "
		     "addresses first; or if it has it elsewhere, use: --remap auto",
		     process_of(report, refusal)) < 0)
		return NULL;
	return text;
}

static char *advise_unfound(const struct refusal *refusal)
{
	char *text;

	if (!find_report(refusal, REASON_REMAP_NOWHERE) &&
	    !find_report(refusal, REASON_REMAP_UNFIT))
		return NULL;
	if (asprintf(&text,
		     "let process %" PRIu32 " map all of this memory first, shared, at any address",
		     refusal->to->process.pid) < 0)
		return NULL;
	return text;
}

static char *advise_ambiguous(const struct refusal *refusal)
{
	const struct dmaown_report *report = find_report(refusal, REASON_REMAP_AMBIGUOUS);
	char *text;

	if (!report)
		return NULL;
	if (asprintf(&text,
		     "choose one of the places in addition to --remap auto, such as with: "
		     "--remap 0x%" PRIx64 "/%" PRIu32 ":0x%" PRIx64 "=0x%" PRIx64,
		     (uint64_t)report->context, report->ioas, (uint64_t)report->iova,
		     (uint64_t)report->addr) < 0)
		return NULL;
	return text;
}

static char *advise_no_owner(const struct refusal *refusal)
{
	const struct dmaown_report *report = find_report(refusal, REASON_REMAP_NO_OWNER);
	char *text;

	if (!report)
		return NULL;
	if (asprintf(&text,
		     "leave out --remap auto if process %" PRIu32 " has the memory at the same "
		     "address; or name the address in addition, for each such area, with: "
		     "--remap 0x%" PRIx64 "/%" PRIu32 ":0x%" PRIx64 "=ADDR",
		     refusal->to->process.pid, (uint64_t)report->context, report->ioas,
		     (uint64_t)report->iova) < 0)
		return NULL;
	return text;
}

static char *advise_context(const struct refusal *refusal)
{
	const struct dmaown_report *report = find_report(refusal, DMAOWN_REASON_NOT_HELD);
	char *text;

	if (!report)
		return NULL;
	if (asprintf(&text, "pass the context's descriptor to process %" PRIu32 " first",
		     process_of(report, refusal)) < 0)
		return NULL;
	return text;
}

/* Write the option that accepts what the report says. */
static void put_force(FILE *out, const struct dmaown_report *report)
{
	char name[sizeof(report->device) + 1];

	if (report->reason == DMAOWN_REASON_UNSEEN)
		*name = '\0';
	else if (report->reason == DMAOWN_REASON_UNTRUSTED ||
		 report->reason == DMAOWN_REASON_UNREAD)
		snprintf(name, sizeof(name), "%" PRIu32, report->process);
	else
		snprintf(name, sizeof(name), "%.*s", (int)sizeof(report->device), report->device);
	force_put(out, report->reason, *name && strcmp(name, "0") ? name : NULL);
}

static bool same_force(const struct dmaown_report *a, const struct dmaown_report *b)
{
	/* This reason takes no name. */
	if (a->reason == DMAOWN_REASON_UNSEEN)
		return true;
	return a->process == b->process && !strncmp(a->device, b->device, sizeof(a->device));
}

static uint32_t hash_force(const struct dmaown_report *report)
{
	char device[sizeof(report->device) + 1];

	if (report->reason == DMAOWN_REASON_UNSEEN)
		return HASH(0);
	snprintf(device, sizeof(device), "%.*s", (int)sizeof(report->device), report->device);
	return HASH(report->process, hash_text(device));
}

/*
 * Is this the first report with its option? A holder may have a report for each of its contexts.
 * Without memory each is.
 */
static bool is_first(const struct refusal *refusal, struct hash_index *seen,
		     const struct dmaown_report *report)
{
	const struct dmaown_report *reports = refusal->result->reports;
	uint32_t hash = hash_force(report);
	size_t at = 0, n;

	while (hash_index_next(seen, hash, &at, &n))
		if (same_force(&reports[n], report))
			return false;
	hash_index_add(seen, hash, report - reports);
	return true;
}

static char *advise_force(const struct refusal *refusal, uint32_t reason, const char *advice)
{
	const struct dmaown_report *report = find_report(refusal, reason);
	struct hash_index seen = { 0 };
	char *text = NULL;
	size_t length;
	FILE *out;

	if (!report || !(out = open_memstream(&text, &length)))
		return NULL;
	fputs(advice, out);
	for (; report; report = next_report(refusal, reason, report - refusal->result->reports + 1))
		if (is_first(refusal, &seen, report))
			put_force(out, report);
	hash_index_free(&seen);
	fclose(out);
	return text;
}

static char *advise_reset(const struct refusal *refusal)
{
	return advise_force(refusal, DMAOWN_REASON_WOULD_RESET,
			    "pass the device's descriptor to the new owner first; or accept the "
			    "reset with:");
}

static char *advise_untrusted(const struct refusal *refusal)
{
	return advise_force(refusal, DMAOWN_REASON_UNTRUSTED,
			    "let it close what it holds of the context; or trust it with:");
}

static char *advise_unread(const struct refusal *refusal)
{
	return advise_force(refusal, DMAOWN_REASON_UNREAD,
			    "try again in a moment; or trust it with:");
}

static char *advise_unknown(const struct refusal *refusal)
{
	return advise_force(refusal, DMAOWN_REASON_UNKNOWN_HOLDER,
			    UNKNOWN_CAUSES " may hold it: " UNKNOWN_WAY_OUT
					   "; or accept the unknown holders with:");
}

static char *advise_unseen(const struct refusal *refusal)
{
	return advise_force(refusal, DMAOWN_REASON_UNSEEN,
			    "build the module for the VFIO and iommufd that are loaded (dmaownctl "
			    "status); or accept the unknown holders with:");
}

/* Advise to wait: no other process than the program knows whether its memory is complete. */
static char *advise_taken_back(const struct refusal *refusal)
{
	const struct dmaown_report *report = find_report(refusal, DMAOWN_REASON_TAKEN_BACK);
	char *text;

	if (!report)
		return NULL;
	if (asprintf(&text,
		     "wait until the program gives new addresses, which makes it the owner; only "
		     "if it never will, use: --force %s",
		     reason_of(DMAOWN_REASON_TAKEN_BACK)->name) < 0)
		return NULL;
	return text;
}

static char *advise_dead(const struct refusal *refusal)
{
	const struct dmaown_report *report = find_report(refusal, DMAOWN_REASON_NO_PROCESS);

	if (!report || !refusal->request->from_text ||
	    report->process != refusal->request->from_name.pid)
		return NULL;
	return strdup("a dead owner is named by its owner ID; see: dmaownctl owners");
}

char *advice_format(const struct transfer_request *request, const struct process_ref *to,
		    const struct transfer_result *result, unsigned int n)
{
	static char *(*const advisers[])(const struct refusal *refusal) = {
		advise_dead,	   advise_adopt,   advise_not_pinned, advise_limit,
		advise_mapping,	   advise_unfound, advise_ambiguous,  advise_no_owner,
		advise_taken_back, advise_timeout, advise_context,    advise_reset,
		advise_untrusted,  advise_unread,  advise_unknown,    advise_unseen,
	};
	const struct refusal refusal = { request, to, result };
	char *text;
	size_t i;

	for (i = 0; i < sizeof(advisers) / sizeof(advisers[0]); i++) {
		text = advisers[i](&refusal);
		if (text && !n--)
			return text;
		free(text);
	}
	return NULL;
}

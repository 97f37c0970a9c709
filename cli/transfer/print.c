// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice.h"
#include "host/user.h"
#include "output/size.h"
#include "preview_print.h"
#include "print.h"
#include "query/process.h"
#include "reason.h"
#include "report.h"

static const char *plural(uint64_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

static void put_charges(FILE *out, const struct transfer_request *request,
			const struct process_ref *to, const struct dmaown_transfer *answer)
{
	const char *verb = request->dry_run ? "would be charged" : "is charged";
	char size[SIZE_TEXT];
	char *user = user_name(to->uid);

	if (answer->charged_user)
		fprintf(out, "user %s %s %s more (mode user)\n", user ?: "?", verb,
			size_format(size, answer->charged_user));
	if (answer->charged_mm)
		fprintf(out, "process %" PRIu32 " %s %s more (mode mm)\n", to->process.pid, verb,
			size_format(size, answer->charged_mm));
	if (!answer->charged_user && !answer->charged_mm)
		fprintf(out, "nothing %s in addition against a limit\n", verb);
	free(user);
}

static void put_limit(FILE *out, const struct transfer_result *result)
{
	const struct limit *limit = &result->limit;
	bool raised = limit->state == LIMIT_RAISED;
	char from[SIZE_TEXT], to[SIZE_TEXT];

	if (!result_raises_limit(result))
		return;
	fprintf(out,
		"RLIMIT_MEMLOCK of process %" PRIu32 " %s from %s to %s (%" PRIu64 " bytes)%s%s\n",
		limit->pid, raised ? "was raised" : "would be raised",
		size_format(from, limit->from.rlim_cur), size_format(to, limit->to.rlim_cur),
		(uint64_t)limit->to.rlim_cur,
		limit->to.rlim_max != limit->from.rlim_max ? ", the hard limit as well" : "",
		raised ? ", and stays so" : "");
}

static void warn_limit(uint32_t pid, const struct transfer_result *result)
{
	if (result->limit_error == -EAGAIN)
		warnx("RLIMIT_MEMLOCK of process %" PRIu32
		      " was changed by another process just now: try again",
		      pid);
	else if (result->limit_error)
		warnx("cannot raise RLIMIT_MEMLOCK of process %" PRIu32 ": %s", pid,
		      strerror(-result->limit_error));
	else if (result->limit.state == LIMIT_PUT_BACK)
		warnx("RLIMIT_MEMLOCK of process %" PRIu32
		      " had been raised, and has been restored",
		      pid);
	else if (result->limit.state == LIMIT_LEFT)
		warnx("RLIMIT_MEMLOCK of process %" PRIu32 " had been raised, and was then changed "
		      "by another process: it is left as it is",
		      pid);
}

static void put_moved(FILE *out, const struct transfer_request *request,
		      const struct process_ref *to, const struct transfer_result *result)
{
	const struct dmaown_transfer *answer = &result->answer;
	const char *adopted = request->dry_run ? "would be" :
						 plural(answer->adopted, "was", "were");
	char size[SIZE_TEXT];

	fprintf(out,
		"%s %" PRIu64 " of %" PRIu64 " %s in %" PRIu32 " %s to process %" PRIu32
		": %" PRIu64 " pages %s, %s pinned\n",
		request->dry_run ? "would move" : "moved", (uint64_t)answer->areas,
		(uint64_t)answer->areas_total, plural(answer->areas_total, "area", "areas"),
		answer->contexts, plural(answer->contexts, "context", "contexts"), to->process.pid,
		(uint64_t)answer->pages_objects, plural(answer->pages_objects, "object", "objects"),
		size_format(size, answer->pinned));
	if (answer->adopted)
		fprintf(out, "%" PRIu64 " of them %s adopted from owners that are dead or stale\n",
			(uint64_t)answer->adopted, adopted);
	put_charges(out, request, to, answer);
	put_limit(out, result);
	if (result->undo.command)
		fprintf(out, "undo with: %s\n", result->undo.command);
	else if (result->undo.why_not)
		fprintf(out, "this cannot be undone: %s\n", result->undo.why_not);
}

static bool is_first_of_owner(const struct owner_areas_list *owner_areas, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (owner_areas->items[i].area.owner == owner_areas->items[n].area.owner)
			return false;
	return true;
}

/* Name the old owners of the preview in the way that --from takes. */
static void put_old_owners(FILE *out, const struct owner_areas_list *owner_areas)
{
	const struct area_record *area;
	size_t i;

	for (i = 0; i < owner_areas->nr; i++) {
		area = &owner_areas->items[i].area;
		if (!is_first_of_owner(owner_areas, i))
			continue;
		if (preview_is_nameless(area))
			fprintf(out, "the old owner: 0x%" PRIx64 "\n", area->owner);
		else
			fprintf(out, "the old owner: process %" PRIu32 "\n", area->pid);
	}
}

void transfer_print_lost(const struct transfer_request *request, const struct process_ref *to,
			 const struct transfer_result *result)
{
	if (result->error || request->dry_run || !result->answer.areas)
		return;
	warnx("standard output was lost, but the transfer was made:");
	put_old_owners(stderr, &result->preview.owner_areas);
	put_moved(stderr, request, to, result);
}

static void print_moved(const struct transfer_request *request, const struct process_ref *to,
			const struct transfer_result *result)
{
	preview_print(to, result);
	put_moved(stdout, request, to, result);
}

static void print_unchanged(const struct process_ref *to, const struct transfer_result *result)
{
	uint32_t pid = to->process.pid;

	if (!result->answer.contexts)
		printf("nothing to do: process %" PRIu32 " holds no context\n", pid);
	else if (!result->answer.areas_total)
		printf("nothing to do: there are no areas\n");
	else
		printf("nothing to do: process %" PRIu32 " owns everything already\n", pid);
}

static void print_reports(const struct transfer_request *request,
			  const struct transfer_result *result)
{
	const struct dmaown_transfer *answer = &result->answer;
	uint32_t left_out = answer->reports_total - answer->nr_reports;
	char *text;
	uint32_t i;

	for (i = 0; i < answer->nr_reports; i++) {
		text = report_format(&result->reports[i], request, result);
		warnx("%s", text ?: reason_of(result->reports[i].reason)->text);
		free(text);
	}
	if (answer->reports_total > answer->nr_reports)
		warnx("and %" PRIu32 " more %s, %" PRIu32 " in all", left_out,
		      plural(left_out, "reason", "reasons"), answer->reports_total);
}

static void print_advice(const struct transfer_request *request, const struct process_ref *to,
			 const struct transfer_result *result)
{
	unsigned int n;
	char *text;

	for (n = 0; (text = advice_format(request, to, result, n)); n++) {
		warnx("%s", text);
		free(text);
	}
}

static void print_refused(const struct transfer_request *request, const struct process_ref *to,
			  const struct transfer_result *result)
{
	/* After a refused transfer nothing has moved, and there is nothing to show. */
	if (request->dry_run && !request->json && !request->quiet)
		preview_print(to, result);
	print_reports(request, result);
	print_advice(request, to, result);
	warn_limit(to->process.pid, result);
	if (result->error == EINTR)
		warnx("interrupted; to see who owns what now: dmaownctl owners");
	else
		warnx("%s: %s",
		      request->dry_run ? "would be refused" : "refused, and nothing was changed",
		      strerror(result->error));
}

void transfer_print(const struct transfer_request *request, const struct process_ref *to,
		    const struct transfer_result *result)
{
	if (result->error)
		print_refused(request, to, result);
	else if (request->json || request->quiet)
		return;
	else if (result->answer.areas)
		print_moved(request, to, result);
	else
		print_unchanged(to, result);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "context_set.h"
#include "exit_status.h"
#include "host/clock.h"
#include "host/match.h"
#include "place.h"
#include "query/lookup.h"
#include "reason.h"
#include "remap_auto.h"

struct search {
	const struct transfer_request *request;
	struct transfer_scope *scope;
	struct transfer_result *result;
	struct context_set contexts;
	struct place_list places;
	struct remap_index given; /* of the request */
	struct maps old;	  /* mappings of the process old_pid */
	uint32_t old_pid;	  /* 0: none were read */
	struct maps new;
	struct match_index index; /* of new */
	bool elsewhere;		  /* some memory has another address in the new owner */
	FILE *explain;		  /* lines for --verbose, or NULL */
};

/* COLLECTING */

static int see_area(const union record *record, void *data)
{
	const struct area_record *area = &record->area;
	struct search *search = data;

	if (!context_set_has(&search->contexts, area->context))
		return 0;
	if (known(area, AREA, BUSY) && area->busy) {
		result_add_report(search->result,
				  &(struct dmaown_report){
					  .reason = DMAOWN_REASON_LOCKED,
					  .context = area->context,
					  .ioas = known(area, AREA, IOAS) ? area->ioas : 0,
				  });
		return 0;
	}
	if (!known(area, AREA, ADDR) || !scope_has_owner(search->scope, area))
		return 0;
	/* The module refuses to move this area to any address. */
	if (area->invalid && !force_has(&search->request->forces, DMAOWN_REASON_TAKEN_BACK))
		return 0;
	return place_list_add(&search->places, area);
}

/*
 * Collect the places. List again until the timeout if areas are locked, come or go.
 * Return: 0 or -errno.
 */
static int collect(struct search *search)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	uint64_t deadline = monotonic_ms() + search->request->timeout_ms;
	int rc;

	for (;;) {
		search->places.nr = 0;
		result_clear_reports(search->result);
		rc = context_set_each_area(&search->contexts, &search->scope->channel, see_area,
					   search);
		if ((rc != -EAGAIN && !search->result->answer.nr_reports) ||
		    monotonic_ms() >= deadline)
			return rc == -EAGAIN ? 0 : rc;
		nanosleep(&pause, NULL);
	}
}

/* THE LIST */

/* Return: the entry that the request has for this place, or NULL. */
static const struct dmaown_remap *find_given(const struct search *search, const struct place *place)
{
	return remap_index_find(&search->given, place->context, place->ioas, place->iova);
}

/* Return: 0 or -errno. */
static int add_remaps(struct search *search, const struct place *places, size_t nr, uint64_t delta)
{
	struct dmaown_remap remap;
	size_t i;
	int rc = 0;

	search->elsewhere = search->elsewhere || delta;
	for (i = 0; i < nr && !rc; i++) {
		remap = (struct dmaown_remap){
			.context = places[i].context,
			.ioas = places[i].ioas,
			.iova = places[i].iova,
			.addr = places[i].addr + delta,
		};
		if (!find_given(search, &places[i]))
			rc = remap_add(&search->scope->remaps, &remap);
	}
	return rc;
}

static void explain(const struct search *search, const struct place *place, uint64_t addr)
{
	const struct mapping *mapping = NULL;
	FILE *out = search->explain;

	fprintf(out, "0x%" PRIx64 " ioas %" PRIu32 " iova 0x%" PRIx64 "-0x%" PRIx64 ": ",
		place->context, place->ioas, place->iova, place->iova + place->length - 1);
	if (place->pid && place->pid == search->old_pid)
		mapping = maps_at(&search->old, place->addr);
	if (mapping && mapping->path) {
		mapping_put_path(out, mapping);
		fprintf(out, " from 0x%" PRIx64 " on: ",
			mapping->offset + (place->addr - mapping->start));
	}
	if (place->pid)
		fprintf(out, "at 0x%" PRIx64 " of process %" PRIu32 ", ", place->addr, place->pid);
	if (addr == place->addr)
		fputs("at the same address", out);
	else
		fprintf(out, "at 0x%" PRIx64, addr);
	fprintf(out, " of process %" PRIu32 "\n", search->scope->to.process.pid);
}

static void explain_all(const struct search *search, const struct place *places, size_t nr,
			uint64_t delta)
{
	size_t i;

	for (i = 0; search->explain && i < nr; i++)
		explain(search, &places[i], places[i].addr + delta);
}

/* MATCHING */

static void report_each(struct search *search, const struct place *places, size_t nr,
			uint32_t reason, const struct match *match)
{
	bool old = reason == DMAOWN_REASON_OLD_HOLE || reason == DMAOWN_REASON_OLD_PRIVATE;
	bool found = reason == REASON_REMAP_UNFIT || reason == REASON_REMAP_AMBIGUOUS;
	uint64_t delta = match && found ? match->addr - places->addr : 0;
	size_t i;

	for (i = 0; i < nr; i++)
		result_add_report(search->result,
				  &(struct dmaown_report){
					  .reason = reason,
					  .context = places[i].context,
					  .ioas = places[i].ioas,
					  .process = found ? search->scope->to.process.pid :
							     places[i].pid,
					  .iova = places[i].iova,
					  .last = places[i].iova + places[i].length - 1,
					  .addr = match && old ? match->addr :
								 places[i].addr + delta,
					  .value = match ? match->count : 0,
				  });
}

/* Read the mappings of an old owner. Return: 0, -ESRCH if it has exited, or -errno. */
static int read_old(struct search *search, uint32_t pid)
{
	int rc;

	if (search->old_pid == pid)
		return 0;
	search->old_pid = 0;
	rc = maps_read(&search->old, pid);
	if (!rc)
		search->old_pid = pid;
	return rc;
}

static struct match match_places(const struct search *search, const struct place *places, size_t nr,
				 struct match_range *ranges)
{
	const struct transfer_request *request = search->request;
	struct match_query query = {
		.old = &search->old,
		.in = &search->index,
		.ranges = ranges,
		.nr = nr,
	};
	size_t i;

	for (i = 0; i < nr; i++) {
		ranges[i] = (struct match_range){ places[i].addr, places[i].length };
		query.write = query.write || places[i].writable;
	}
	if (request->translate)
		query.preferred = request->translate(places->addr, request->translate_data);
	return match_find(&query);
}

static int find_by_maps(struct search *search, const struct place *places, size_t nr)
{
	static const uint32_t reasons[] = {
		[MATCH_NOWHERE] = REASON_REMAP_NOWHERE,
		[MATCH_UNFIT] = REASON_REMAP_UNFIT,
		[MATCH_SEVERAL] = REASON_REMAP_AMBIGUOUS,
		[MATCH_OLD_HOLE] = DMAOWN_REASON_OLD_HOLE,
		[MATCH_OLD_PRIVATE] = DMAOWN_REASON_OLD_PRIVATE,
	};
	struct match_range *ranges = calloc(nr, sizeof(*ranges));
	struct match match;

	if (!ranges)
		return -ENOMEM;
	match = match_places(search, places, nr, ranges);
	free(ranges);
	if (match.result != MATCH_FOUND) {
		report_each(search, places, nr, reasons[match.result], &match);
		return 0;
	}
	explain_all(search, places, nr, match.addr - places->addr);
	return add_remaps(search, places, nr, match.addr - places->addr);
}

/* Return: the reason to report for an owner without mappings. */
static uint32_t reason_gone(const struct search *search, uint32_t state)
{
	if (search->request->adopt)
		return REASON_REMAP_NO_OWNER;
	return state == DMAOWN_STATE_STALE ? DMAOWN_REASON_OWNER_STALE : DMAOWN_REASON_OWNER_DEAD;
}

/* Find places that share a pages object in the mappings of their owner. Return: 0 or -errno. */
static int find_in_old(struct search *search, const struct place *places, size_t nr)
{
	int rc = places->pid ? read_old(search, places->pid) : -ENXIO;

	if (rc == -ESRCH) {
		report_each(search, places, nr, reason_gone(search, DMAOWN_STATE_DEAD), NULL);
		return 0;
	}
	search->result->hidden_owner = rc == -ENXIO;
	return rc ?: find_by_maps(search, places, nr);
}

/* Find places that share a pages object. Return: 0 or -errno. */
static int find_group(struct search *search, const struct place *places, size_t nr)
{
	const struct dmaown_remap *given = NULL;
	size_t i;

	for (i = 0; i < nr && !given; i++)
		given = find_given(search, &places[i]);
	if (given)
		return add_remaps(search, places, nr, given->addr - places[i - 1].addr);
	if (places->state != DMAOWN_STATE_LIVE) {
		report_each(search, places, nr, reason_gone(search, places->state), NULL);
		return 0;
	}
	/* Areas that the new owner owns already keep their address. */
	if (places->owner == search->scope->to.owner)
		return add_remaps(search, places, nr, 0);
	return find_in_old(search, places, nr);
}

static int find_groups(struct search *search)
{
	struct place_list *places = &search->places;
	size_t i, nr;
	int rc = 0;

	place_list_sort(places);
	for (i = 0; i < places->nr && !rc; i += nr) {
		nr = place_list_group(places, i);
		rc = find_group(search, &places->items[i], nr);
	}
	return rc;
}

/* THE SEARCH */

static int search_all(struct search *search, struct lookup *lookup)
{
	uint32_t to = search->scope->to.process.pid;
	int rc;

	rc = context_set_find(&search->contexts, search->scope, lookup);
	if (!rc)
		rc = collect(search);
	if (rc || search->result->answer.nr_reports)
		return rc;
	rc = remap_index_make(&search->given, &search->request->remaps);
	if (rc)
		return rc;
	rc = maps_read(&search->new, to);
	if (rc == -ESRCH) {
		result_add_report(search->result, &(struct dmaown_report){
							  .reason = DMAOWN_REASON_NO_PROCESS,
							  .process = to,
						  });
		return 0;
	}
	return rc ?: match_index_make(&search->index, &search->new) ?: find_groups(search);
}

/* Return: of all reports, the error whose exit status comes first. */
static int worst_error(const struct transfer_result *result)
{
	int worst = result->reports[0].error;
	uint32_t i;

	for (i = 1; i < result->answer.nr_reports; i++)
		if (exit_of_errno(result->reports[i].error) < exit_of_errno(worst))
			worst = result->reports[i].error;
	return worst;
}

static int fail(struct transfer_result *result, int error)
{
	result_clear_reports(result);
	result->search_failed = true;
	return error;
}

static int conclude(struct search *search, int rc)
{
	struct transfer_result *result = search->result;
	struct remap_list *remaps = &search->scope->remaps;

	if (rc)
		return fail(result, -rc);
	if (result->answer.nr_reports)
		return worst_error(result);
	if (remaps->nr > DMAOWN_TRANSFER_MAX_REMAPS)
		return fail(result, E2BIG);
	/* The module needs no list if all addresses stay the same. */
	if (!search->elsewhere && !search->request->remaps.nr)
		remap_free(remaps);
	return 0;
}

int remap_auto(const struct transfer_request *request, struct transfer_scope *scope,
	       struct transfer_result *result)
{
	struct search search = { .request = request, .scope = scope, .result = result };
	struct lookup lookup = { .channel = &scope->channel };
	size_t length;

	if (request->verbose)
		search.explain = open_memstream(&result->found, &length);
	result->error = conclude(&search, search_all(&search, &lookup));
	if (search.explain)
		fclose(search.explain);
	place_list_free(&search.places);
	remap_index_free(&search.given);
	maps_free(&search.old);
	match_index_free(&search.index);
	maps_free(&search.new);
	context_set_free(&search.contexts);
	lookup_free(&lookup);
	return result->error;
}

void remap_auto_print(const struct transfer_result *result)
{
	if (result->found)
		fputs(result->found, stderr);
	if (!result->search_failed)
		return;
	if (result->hidden_owner)
		warnx("an old owner has no PID in this PID namespace; "
		      "run dmaownctl in the initial one (nsenter -t 1 -p -m)");
	/* A caller that may call the module may also read the mappings of processes. */
	if (result->error == EACCES || result->error == EPERM)
		not_allowed();
	else if (result->error == E2BIG)
		warnx("more than %d areas are mapped by address: move the contexts one by one, "
		      "with --context",
		      DMAOWN_TRANSFER_MAX_REMAPS);
	else
		warnx("cannot look for the memory of areas: %s", strerror(result->error));
}

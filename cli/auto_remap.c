// SPDX-License-Identifier: GPL-2.0-only
/*
 * --remap auto: where the new owner has the memory of each area, from what it and the old owner
 * have mapped. The module compares the memory all the same: what is found here is a proposal.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "census.h"
#include "exits.h"
#include "hold_memory.h"
#include "match.h"
#include "scope.h"
#include "transfer.h"

/* What is needed of the record of an area that is mapped by address. */
struct place {
	uint64_t context;
	uint64_t iova;
	uint64_t length;
	uint64_t addr;
	uint64_t pages;
	uint64_t owner;
	size_t order;		/* of the listing; of areas that share a pages object: the first */
	uint32_t ioas;
	uint32_t pid;		/* 0: it has none here */
	uint32_t state;
	bool writable;
};

struct search {
	struct transfer *transfer;
	struct scope scope;
	struct place *places;
	size_t nr;
	size_t room;
	struct remap_list given;	/* by the user */
	struct maps old;		/* of the process old_pid, unless that is 0 */
	uint32_t old_pid;
	struct maps new;
	struct match_index index;
	bool elsewhere;			/* something is not where it was */
};

/* COLLECTING */

static int add_place(struct search *search, const struct area_record *area)
{
	size_t room = search->room;
	struct place *places = search->places;

	if (search->nr == room) {
		room = room * 2 + 64;
		places = reallocarray(places, room, sizeof(*places));
		if (!places)
			return -ENOMEM;
		search->places = places;
		search->room = room;
	}
	places[search->nr++] = (struct place){
		.context = area->context,
		.iova = area->iova,
		.length = area->length,
		.addr = area->addr,
		.pages = area->pages,
		.owner = area->owner,
		.order = search->nr,
		.ioas = area->ioas,
		.pid = known(area, AREA, PID) ? area->pid : 0,
		.state = area->state,
		.writable = area->writable,
	};
	return 0;
}

static void report(struct search *search, const struct dmaown_report *report)
{
	struct dmaown_transfer *call = &search->transfer->call;
	struct dmaown_report *to = &search->transfer->reports[call->nr_reports];

	call->reports_total++;
	if (call->nr_reports == TRANSFER_REPORTS)
		return;
	*to = *report;
	to->error = reason_of(report->reason)->error;
	call->nr_reports++;
}

static int see_area(const union record *record, void *data)
{
	const struct area_record *area = &record->area;
	struct search *search = data;

	if (!scope_has(&search->scope, area->context))
		return 0;
	if (known(area, AREA, BUSY) && area->busy) {
		report(search, &(struct dmaown_report){
			.reason = DMAOWN_REASON_LOCKED,
			.context = area->context,
			.ioas = known(area, AREA, IOAS) ? area->ioas : 0,
		});
		return 0;
	}
	if (!known(area, AREA, ADDR) || !scope_means(search->transfer, area))
		return 0;
	return add_place(search, area);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* What is locked, or comes and goes, is looked at again until the timeout. 0 or -errno. */
static int collect(struct search *search)
{
	struct transfer *transfer = search->transfer;
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	uint64_t end = now_ms() + transfer->timeout_ms;
	int rc;

	for (;;) {
		search->nr = 0;
		transfer->call.nr_reports = 0;
		transfer->call.reports_total = 0;
		rc = scope_each_area(&search->scope, &transfer->channel, see_area, search);
		if ((rc != -EAGAIN && !transfer->call.nr_reports) || now_ms() >= end)
			return rc == -EAGAIN ? 0 : rc;
		nanosleep(&pause, NULL);
	}
}

/* MATCHING */

static int compare_pages(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->pages != y->pages)
		return x->pages < y->pages ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* Areas that share a pages object stand together, and those of one owner. */
static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	if (x->state != y->state)
		return x->state < y->state ? -1 : 1;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if (x->ioas != y->ioas)
		return x->ioas < y->ioas ? -1 : 1;
	return x->iova < y->iova ? -1 : x->iova > y->iova;
}

/* What came and went while it was listed may have been listed twice. */
static void sort_places(struct search *search)
{
	struct place *places = search->places;
	size_t i, nr = 0;

	if (!search->nr)
		return;
	qsort(places, search->nr, sizeof(*places), compare_pages);
	for (i = 1; i < search->nr; i++)
		if (places[i].pages == places[i - 1].pages)
			places[i].order = places[i - 1].order;
	qsort(places, search->nr, sizeof(*places), compare);
	for (i = 0; i < search->nr; i++)
		if (!i || compare(&places[i], &places[nr - 1]))
			places[nr++] = places[i];
	search->nr = nr;
}

static const struct dmaown_remap *find_given(const struct search *search,
					     const struct place *place)
{
	const struct dmaown_remap *remap;
	size_t i;

	for (i = 0; i < search->given.nr; i++) {
		remap = &search->given.items[i];
		if ((!remap->context || remap->context == place->context) &&
		    remap->ioas == place->ioas && remap->iova == place->iova)
			return remap;
	}
	return NULL;
}

/* 0 or -errno */
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
			rc = remap_add(&search->transfer->remaps, &remap);
	}
	return rc;
}

static void explain(const struct search *search, const struct place *place, uint64_t addr)
{
	const struct transfer *transfer = search->transfer;
	const struct mapping *mapping;

	if (!transfer->verbose)
		return;
	fprintf(stderr, "0x%" PRIx64 " ioas %" PRIu32 " iova 0x%" PRIx64 "-0x%" PRIx64 ": ",
		place->context, place->ioas, place->iova, place->iova + place->length - 1);
	mapping = place->pid && place->pid == search->old_pid ?
		  maps_at(&search->old, place->addr) : NULL;
	if (mapping && mapping->path) {
		mapping_put_path(stderr, mapping);
		fprintf(stderr, " from 0x%" PRIx64 " on: ",
			mapping->offset + (place->addr - mapping->start));
	}
	if (place->pid)
		fprintf(stderr, "at 0x%" PRIx64 " of process %" PRIu32 ", ", place->addr,
			place->pid);
	if (addr == place->addr)
		fprintf(stderr, "at the same address of process %" PRIu32 "\n",
			transfer->to.process.pid);
	else
		fprintf(stderr, "at 0x%" PRIx64 " of process %" PRIu32 "\n", addr,
			transfer->to.process.pid);
}

static void explain_all(const struct search *search, const struct place *places, size_t nr,
			uint64_t delta)
{
	size_t i;

	for (i = 0; i < nr; i++)
		explain(search, &places[i], places[i].addr + delta);
}

static void report_each(struct search *search, const struct place *places, size_t nr,
			uint32_t reason, const struct match *match)
{
	bool old = reason == DMAOWN_REASON_OLD_HOLE || reason == DMAOWN_REASON_OLD_PRIVATE;
	bool found = reason == REASON_REMAP_UNFIT || reason == REASON_REMAP_AMBIGUOUS;
	uint64_t delta = match && found ? match->addr - places->addr : 0;
	size_t i;

	for (i = 0; i < nr; i++)
		report(search, &(struct dmaown_report){
			.reason = reason,
			.context = places[i].context,
			.ioas = places[i].ioas,
			.process = found ? search->transfer->to.process.pid : places[i].pid,
			.iova = places[i].iova,
			.last = places[i].iova + places[i].length - 1,
			.addr = match && old ? match->addr : places[i].addr + delta,
			.value = match ? match->count : 0,
		});
}

/* What the old owner has mapped. 0, -ESRCH: it is gone; or -errno. */
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

static struct match look(const struct search *search, const struct place *places, size_t nr,
			 struct match_range *ranges)
{
	struct match_query query = {
		.old = &search->old, .in = &search->index, .ranges = ranges, .nr = nr,
	};
	size_t i;

	for (i = 0; i < nr; i++) {
		ranges[i] = (struct match_range){ places[i].addr, places[i].length };
		query.write = query.write || places[i].writable;
	}
	if (search->transfer->held)
		query.preferred = hold_memory_there(search->transfer->held, places->addr);
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
	match = look(search, places, nr, ranges);
	free(ranges);
	if (match.result != MATCH_FOUND) {
		report_each(search, places, nr, reasons[match.result], &match);
		return 0;
	}
	explain_all(search, places, nr, match.addr - places->addr);
	return add_remaps(search, places, nr, match.addr - places->addr);
}

static uint32_t reason_gone(const struct search *search, uint32_t state)
{
	if (search->transfer->adopt)
		return REASON_REMAP_NO_OWNER;
	return state == DMAOWN_STATE_STALE ? DMAOWN_REASON_OWNER_STALE : DMAOWN_REASON_OWNER_DEAD;
}

/* The areas of one pages object. 0 or -errno. */
static int find_group(struct search *search, const struct place *places, size_t nr)
{
	const struct dmaown_remap *given = NULL;
	size_t i;
	int rc;

	for (i = 0; i < nr && !given; i++)
		given = find_given(search, &places[i]);
	if (given)
		return add_remaps(search, places, nr, given->addr - places[i - 1].addr);
	if (places->state != DMAOWN_STATE_LIVE) {
		report_each(search, places, nr, reason_gone(search, places->state), NULL);
		return 0;
	}
	/* What the new owner owns already stays where it is. */
	if (places->owner == search->transfer->to.owner)
		return add_remaps(search, places, nr, 0);
	rc = places->pid ? read_old(search, places->pid) : -ENXIO;
	if (rc == -ESRCH) {
		report_each(search, places, nr, reason_gone(search, DMAOWN_STATE_DEAD), NULL);
		return 0;
	}
	if (rc == -ENXIO)
		warnx("an old owner has no number in this PID namespace; "
		      "run it in the initial one (nsenter -t 1 -p -m)");
	return rc ?: find_by_maps(search, places, nr);
}

static size_t group_size(const struct search *search, size_t first)
{
	size_t end = first + 1;

	while (end < search->nr && search->places[end].pages == search->places[first].pages)
		end++;
	return end - first;
}

static int find_groups(struct search *search)
{
	size_t i, nr;
	int rc = 0;

	sort_places(search);
	for (i = 0; i < search->nr && !rc; i += nr) {
		nr = group_size(search, i);
		rc = find_group(search, &search->places[i], nr);
	}
	return rc;
}

/* THE LIST */

static int keep_given(struct search *search)
{
	const struct remap_list *remaps = &search->transfer->remaps;
	size_t i;
	int rc = 0;

	for (i = 0; i < remaps->nr && !rc; i++)
		rc = remap_add(&search->given, &remaps->items[i]);
	return rc;
}

static int search_all(struct search *search, struct census *census)
{
	struct transfer *transfer = search->transfer;
	int rc;

	rc = scope_find(&search->scope, transfer, census) ?: keep_given(search) ?:
	     collect(search);
	if (rc || transfer->call.nr_reports)
		return rc;
	rc = maps_read(&search->new, transfer->to.process.pid);
	if (rc == -ESRCH) {
		report(search, &(struct dmaown_report){
			.reason = DMAOWN_REASON_NO_PROCESS, .process = transfer->to.process.pid,
		});
		return 0;
	}
	return rc ?: match_index_make(&search->index, &search->new) ?: find_groups(search);
}

/* The first in the order of exit statuses counts. */
static int worst_error(const struct transfer *transfer)
{
	int worst = transfer->reports[0].error;
	uint32_t i;

	for (i = 1; i < transfer->call.nr_reports; i++)
		if (exit_of_errno(transfer->reports[i].error) < exit_of_errno(worst))
			worst = transfer->reports[i].error;
	return worst;
}

static int conclude(struct search *search, int rc)
{
	struct transfer *transfer = search->transfer;

	if (rc) {
		transfer->call.nr_reports = 0;
		transfer->call.reports_total = 0;
		/* What a process has mapped may be looked at by whoever may do the rest. */
		if (rc == -EACCES || rc == -EPERM)
			not_allowed();
		else
			warnx("cannot look for the memory of areas: %s", strerror(-rc));
		return -rc;
	}
	if (transfer->call.nr_reports)
		return worst_error(transfer);
	if (transfer->remaps.nr > DMAOWN_TRANSFER_MAX_REMAPS) {
		warnx("more than %d areas are mapped by address: move the contexts one by one, "
		      "with --context", DMAOWN_TRANSFER_MAX_REMAPS);
		return E2BIG;
	}
	/* Where nothing is elsewhere, a list would say nothing. */
	if (!search->elsewhere && !search->given.nr)
		remap_free(&transfer->remaps);
	return 0;
}

int remap_auto(struct transfer *transfer)
{
	struct search search = { .transfer = transfer };
	struct census census = { .channel = &transfer->channel };
	int error;

	error = conclude(&search, search_all(&search, &census));
	free(search.places);
	remap_free(&search.given);
	maps_free(&search.old);
	match_index_free(&search.index);
	maps_free(&search.new);
	scope_free(&search.scope);
	census_free(&census);
	return error;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command that undoes a transfer has to be found before the transfer changes anything.
 *
 * The command is "--to OLD --from TO" in the contexts in which something moves. There is none if
 * the moving areas have several owners, or if TO owns other areas there, which would move along.
 * There is none if the old owner's address space is gone, or if the old owner does not hold the
 * contexts.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "context_set.h"
#include "query/holding.h"
#include "query/lookup.h"
#include "request.h"
#include "scope.h"
#include "undo.h"

/* The areas of one context. */
struct part {
	bool moves; /* some areas move */
	bool stays; /* TO owns some areas already, at their final address */
};

struct search {
	const struct transfer_request *request;
	struct transfer_scope *scope;
	struct lookup lookup;
	struct context_set contexts;
	struct part *parts;	  /* one for each of the contexts */
	uint32_t pid;		  /* of the only old owner */
	uint64_t owner;		  /* its owner ID, or 0 */
	struct remap_list remaps; /* to the addresses in the old owner */
	const char *why_not;	  /* or NULL */
};

/* Record why there is no command. Return: 1, which ends a listing. */
static int bar(struct search *search, const char *why)
{
	search->why_not = why;
	return 1;
}

/* CONTEXTS */

/* Return: the part of a context, or NULL if the transfer is not about this context. */
static struct part *find_part(const struct search *search, uint64_t context)
{
	const uint64_t *id = number_set_find(&search->contexts.ids, context);

	return id ? &search->parts[id - search->contexts.ids.items] : NULL;
}

/* Return: 0 or -errno. */
static int find_contexts(struct search *search)
{
	int rc = context_set_find(&search->contexts, search->scope, &search->lookup);

	if (rc)
		return rc;
	search->parts = calloc(search->contexts.ids.nr + 1, sizeof(*search->parts));
	return search->parts ? 0 : -ENOMEM;
}

/* AREAS */

/* Does TO own the area already, at its final address? */
static bool stays(const struct transfer_scope *scope, const struct area_record *area, bool named)
{
	return area->owner == scope->to.owner && area->state == DMAOWN_STATE_LIVE &&
	       !(named && scope->remaps.nr && known(area, AREA, ADDR));
}

static int add_owner(struct search *search, const struct area_record *area)
{
	if (area->state == DMAOWN_STATE_DEAD)
		return bar(search, "the old owner is dead");
	if (area->state == DMAOWN_STATE_STALE)
		return bar(search, "the old owner has exec'd since, and its address space is gone");
	if (!known(area, AREA, PID))
		return bar(search, "the old owner has no PID in this PID namespace");
	if (search->owner && search->owner != area->owner)
		return bar(search, "there were several owners");
	search->owner = area->owner;
	search->pid = area->pid;
	return 0;
}

/* To undo a transfer to other addresses, list the old addresses. */
static int add_address(struct search *search, const struct area_record *area)
{
	struct dmaown_remap remap = {
		.context = area->context,
		.ioas = area->ioas,
		.iova = area->iova,
		.addr = area->addr,
	};

	if (!search->scope->remaps.nr || !known(area, AREA, ADDR))
		return 0;
	return remap_add(&search->remaps, &remap);
}

static int see_area(const union record *record, void *data)
{
	const struct area_record *area = &record->area;
	struct search *search = data;
	struct part *part = find_part(search, area->context);
	bool named;

	if (!part)
		return 0;
	if (known(area, AREA, BUSY) && area->busy)
		return bar(search, "part of a context was locked, so that its owners are unknown");
	named = scope_has_owner(search->scope, area);
	if (stays(search->scope, area, named)) {
		part->stays = true;
		return 0;
	}
	if (!named)
		return 0;
	part->moves = true;
	return add_owner(search, area) ?: add_address(search, area);
}

static int see_areas(struct search *search)
{
	int rc =
		context_set_each_area(&search->contexts, &search->scope->channel, see_area, search);

	return rc < 0 && rc != -EAGAIN ? rc : 0;
}

/* CHECKS */

static bool old_owner_holds(struct search *search, uint64_t context)
{
	return holding_exists(lookup_holders(&search->lookup), context, search->pid);
}

static void check_contexts(struct search *search)
{
	const struct part *part;
	size_t i;

	for (i = 0; i < search->contexts.ids.nr; i++) {
		part = &search->parts[i];
		if (!part->moves)
			continue;
		if (part->stays && search->owner != search->scope->to.owner)
			bar(search, "the new owner owned other areas there before");
		else if (!old_owner_holds(search, search->contexts.ids.items[i]))
			bar(search, "the old owner does not hold the context");
	}
	if (!search->owner)
		bar(search, "there is no other process to give it back to");
}

/* THE COMMAND */

static void put_contexts(FILE *out, const struct search *search)
{
	size_t i;

	for (i = 0; i < search->contexts.ids.nr; i++)
		if (search->parts[i].moves)
			fprintf(out, " --context 0x%" PRIx64, search->contexts.ids.items[i]);
}

static bool has_several(const struct search *search)
{
	size_t i, n = 0;

	for (i = 0; i < search->contexts.ids.nr; i++)
		n += search->parts[i].moves;
	return n > 1;
}

/* Entries of one --remap: the kernel limits a single argument to 128 KiB. */
#define REMAPS_PER_OPTION 1000

static void put_remaps(FILE *out, const struct search *search)
{
	bool several = has_several(search);
	const struct dmaown_remap *remap;
	size_t i;

	for (i = 0; i < search->remaps.nr; i++) {
		remap = &search->remaps.items[i];
		fputs(i % REMAPS_PER_OPTION ? "," : " --remap ", out);
		if (several)
			fprintf(out, "0x%llx/", remap->context);
		fprintf(out, "%u:0x%llx=0x%llx", remap->ioas, remap->iova, remap->addr);
	}
}

/* Would the device be reset if TO closed it, because no other process has it open? */
static bool only_to_has(struct search *search, const char *device)
{
	size_t i, nr;
	const struct holder_record *const *holders =
		lookup_device_holders(&search->lookup, device, &nr);
	bool has = false;

	for (i = 0; i < nr; i++) {
		if (holder_is_unknown(holders[i]))
			continue;
		if (!holder_has_pid(holders[i], search->scope->to.process.pid))
			return false;
		has = true;
	}
	return has;
}

/*
 * Accept again what the request accepts, and by the same names: as long as it lasts, it is also a
 * reason to refuse the way back. Only a reset is up to the direction.
 */
static void put_forces(FILE *out, struct search *search)
{
	const struct force_list *forces = &search->request->forces;
	const struct record_list *devices = lookup_devices(&search->lookup);
	const struct device_record *device;
	const struct part *part;
	size_t i;

	for (i = 0; i < forces->nr; i++)
		if (forces->items[i].reason != DMAOWN_REASON_WOULD_RESET)
			force_put(out, forces->items[i].reason, forces->items[i].name);
	for (i = 0; i < devices->nr; i++) {
		device = &devices->items[i].device;
		part = find_part(search, device->context);
		if (part && part->moves && force_covers_device(forces, device->device) &&
		    only_to_has(search, device->device))
			force_put(out, DMAOWN_REASON_WOULD_RESET, device->device);
	}
}

static char *format(struct search *search)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	fprintf(out, "dmaownctl transfer --to %" PRIu32 " --from %" PRIu32, search->pid,
		search->scope->to.process.pid);
	put_contexts(out, search);
	put_remaps(out, search);
	if (search->request->forces.nr)
		put_forces(out, search);
	fclose(out);
	return text;
}

void undo_find(const struct transfer_request *request, struct transfer_scope *scope,
	       struct undo *undo)
{
	struct search search = {
		.request = request,
		.scope = scope,
		.lookup.channel = &scope->channel,
	};

	if (find_contexts(&search) || see_areas(&search))
		bar(&search, "the owners could not be listed");
	else if (!search.why_not)
		check_contexts(&search);
	*undo = (struct undo){ .why_not = search.why_not };
	if (!search.why_not)
		undo->command = format(&search);
	context_set_free(&search.contexts);
	free(search.parts);
	remap_free(&search.remaps);
	lookup_free(&search.lookup);
}

void undo_free(struct undo *undo)
{
	free(undo->command);
	*undo = (struct undo){ 0 };
}

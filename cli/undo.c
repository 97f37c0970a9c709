// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way back: it has to be known before the first step.
 *
 * It is "--to OLD --from TO" in the contexts in which something moves. So there is none when the
 * areas that move have several owners, or TO owns others there that would go along; none to an
 * address space that is gone, nor to a process that does not hold the contexts.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "census.h"
#include "transfer.h"

struct scope {
	uint64_t context;
	bool moves;		/* something in it does */
	bool stays;		/* TO owns something in it as it is to be */
};

struct undo {
	struct transfer *transfer;
	struct census census;
	struct scope *contexts;
	size_t nr;
	uint32_t pid;			/* the one old owner */
	uint64_t owner;
	struct remap_list remaps;	/* back to where that has the memory */
};

/* There is no way back; returns what ends a listing. */
static int bar(struct undo *undo, const char *why)
{
	undo->transfer->no_undo = why;
	return 1;
}

/* THE SCOPE */

static struct scope *find_scope(const struct undo *undo, uint64_t context)
{
	size_t i;

	for (i = 0; i < undo->nr; i++)
		if (undo->contexts[i].context == context)
			return &undo->contexts[i];
	return NULL;
}

static void add_scope(struct undo *undo, uint64_t context)
{
	if (!find_scope(undo, context))
		undo->contexts[undo->nr++].context = context;
}

static bool is_held_by(const struct holder_record *holder, uint32_t pid)
{
	return known(holder, HOLDER, PID) && holder->pid == pid;
}

/* Contexts that TO holds are the scope when none is named. 0 or -errno. */
static int find_contexts(struct undo *undo)
{
	const struct transfer *transfer = undo->transfer;
	const struct record_list *holders = census_holders(&undo->census);
	const struct holder_record *holder;
	size_t i;

	undo->contexts = calloc(transfer->nr_contexts + holders->nr + 1, sizeof(*undo->contexts));
	if (!undo->contexts)
		return -ENOMEM;
	for (i = 0; i < transfer->nr_contexts; i++)
		add_scope(undo, transfer->files[i].context);
	for (i = 0; i < holders->nr && !transfer->nr_contexts; i++) {
		holder = &holders->items[i].holder;
		if (known(holder, HOLDER, CONTEXT) && is_held_by(holder, transfer->to.process.pid))
			add_scope(undo, holder->context);
	}
	return 0;
}

/* WHAT MOVES */

/* TO owns it already, and at the address where it is to be. */
static bool stays(const struct transfer *transfer, const struct area_record *area, bool named)
{
	return area->owner == transfer->to.owner && area->state == DMAOWN_STATE_LIVE &&
	       !(named && transfer->remaps.nr && known(area, AREA, ADDR));
}

static int add_owner(struct undo *undo, const struct area_record *area)
{
	if (area->state == DMAOWN_STATE_DEAD)
		return bar(undo, "the old owner is dead");
	if (area->state == DMAOWN_STATE_STALE)
		return bar(undo, "the old owner has exec'd since, and its address space is gone");
	if (!known(area, AREA, PID))
		return bar(undo, "the old owner has no number in this PID namespace");
	if (undo->owner && undo->owner != area->owner)
		return bar(undo, "there were several owners");
	undo->owner = area->owner;
	undo->pid = area->pid;
	return 0;
}

/* After a transfer to other addresses the way back leads to the old ones. */
static int add_address(struct undo *undo, const struct area_record *area)
{
	struct dmaown_remap remap = {
		.context = area->context,
		.ioas = area->ioas,
		.iova = area->iova,
		.addr = area->addr,
	};

	if (!undo->transfer->remaps.nr || !known(area, AREA, ADDR))
		return 0;
	return remap_add(&undo->remaps, &remap);
}

static int see_area(const union record *record, void *data)
{
	const struct area_record *area = &record->area;
	struct undo *undo = data;
	const struct transfer *transfer = undo->transfer;
	struct scope *scope = find_scope(undo, area->context);
	bool named;

	if (!scope)
		return 0;
	if (known(area, AREA, BUSY) && area->busy)
		return bar(undo, "part of a context was locked, and its owners not to be seen");
	named = !transfer->from_text || area->owner == transfer->from.owner;
	if (stays(transfer, area, named)) {
		scope->stays = true;
		return 0;
	}
	if (!named)
		return 0;
	scope->moves = true;
	return add_owner(undo, area) ?: add_address(undo, area);
}

/* Several contexts are picked from among all. */
static int see_areas(struct undo *undo)
{
	int rc = channel_each(&undo->transfer->channel, RECORD_AREA,
			      undo->nr == 1 ? undo->contexts[0].context : 0, see_area, undo);

	return rc < 0 && rc != -EAGAIN ? rc : 0;
}

/* CAN IT GO BACK */

static bool holds(struct undo *undo, uint64_t context)
{
	const struct record_list *holders = census_holders(&undo->census);
	const struct holder_record *holder;
	size_t i;

	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if (known(holder, HOLDER, CONTEXT) && holder->context == context &&
		    is_held_by(holder, undo->pid))
			return true;
	}
	return false;
}

static void check_contexts(struct undo *undo)
{
	const struct scope *scope;
	size_t i;

	for (i = 0; i < undo->nr; i++) {
		scope = &undo->contexts[i];
		if (!scope->moves)
			continue;
		if (scope->stays && undo->owner != undo->transfer->to.owner)
			bar(undo, "the new owner owned other areas there before");
		else if (!holds(undo, scope->context))
			bar(undo, "the old owner does not hold the context");
	}
	if (!undo->owner)
		bar(undo, "there is no other process to give it back to");
}

/* THE COMMAND */

static void put_contexts(FILE *out, const struct undo *undo)
{
	size_t i;

	for (i = 0; i < undo->nr; i++)
		if (undo->contexts[i].moves)
			fprintf(out, " --context 0x%" PRIx64, undo->contexts[i].context);
}

static bool has_several(const struct undo *undo)
{
	size_t i, n = 0;

	for (i = 0; i < undo->nr; i++)
		n += undo->contexts[i].moves;
	return n > 1;
}

static void put_remaps(FILE *out, const struct undo *undo)
{
	const struct dmaown_remap *remap;
	size_t i;

	for (i = 0; i < undo->remaps.nr; i++) {
		remap = &undo->remaps.items[i];
		fputs(i ? "," : " --remap ", out);
		if (has_several(undo))
			fprintf(out, "0x%llx/", remap->context);
		fprintf(out, "%u:0x%llx=0x%llx", remap->ioas, remap->iova, remap->addr);
	}
}

/* Would it be reset if TO alone were to go? */
static bool to_alone_has(struct undo *undo, const char *device)
{
	const struct record_list *holders = census_holders(&undo->census);
	const struct holder_record *holder;
	bool has = false;
	size_t i;

	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if (!known(holder, HOLDER, DEVICE) || strcmp(holder->device, device))
			continue;
		if (!is_held_by(holder, undo->transfer->to.process.pid))
			return false;
		has = true;
	}
	return has;
}

/* What was accepted on the way forth is accepted on the way back, as far as it may matter there. */
static void put_forces(FILE *out, struct undo *undo)
{
	const struct force_list *forces = &undo->transfer->forces;
	const struct record_list *devices = census_devices(&undo->census);
	const struct device_record *device;
	const struct scope *scope;
	size_t i;

	for (i = 0; i < forces->nr; i++)
		if (forces->items[i].reason == DMAOWN_REASON_UNTRUSTED)
			force_put(out, DMAOWN_REASON_UNTRUSTED, forces->items[i].name);
	for (i = 0; i < devices->nr; i++) {
		device = &devices->items[i].device;
		scope = find_scope(undo, device->context);
		if (scope && scope->moves && force_covers_device(forces, device->device) &&
		    to_alone_has(undo, device->device))
			force_put(out, DMAOWN_REASON_WOULD_RESET, device->device);
	}
}

static char *format(struct undo *undo)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	fprintf(out, "dmaownctl transfer --to %" PRIu32 " --from %" PRIu32, undo->pid,
		undo->transfer->to.process.pid);
	put_contexts(out, undo);
	put_remaps(out, undo);
	if (undo->transfer->forces.nr)
		put_forces(out, undo);
	fclose(out);
	return text;
}

void find_undo(struct transfer *transfer)
{
	struct undo undo = { .transfer = transfer, .census.channel = &transfer->channel };

	if (find_contexts(&undo) || see_areas(&undo))
		bar(&undo, "the owners could not be listed");
	else if (!transfer->no_undo)
		check_contexts(&undo);
	if (!transfer->no_undo)
		transfer->undo = format(&undo);
	free(undo.contexts);
	remap_free(&undo.remaps);
	census_free(&undo.census);
}

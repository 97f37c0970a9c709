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
#include "scope.h"
#include "transfer.h"

struct part {
	bool moves;		/* something in the context does */
	bool stays;		/* TO owns something in it as it is to be */
};

struct undo {
	struct transfer *transfer;
	struct census census;
	struct scope scope;
	struct part *parts;		/* one for each context of the scope */
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

/* Of a context; NULL: it is not in the scope. */
static struct part *find_part(const struct undo *undo, uint64_t context)
{
	size_t i;

	for (i = 0; i < undo->scope.nr; i++)
		if (undo->scope.contexts[i] == context)
			return &undo->parts[i];
	return NULL;
}

static bool is_held_by(const struct holder_record *holder, uint32_t pid)
{
	return known(holder, HOLDER, PID) && holder->pid == pid;
}

/* 0 or -errno */
static int find_contexts(struct undo *undo)
{
	int rc = scope_find(&undo->scope, undo->transfer, &undo->census);

	if (rc)
		return rc;
	undo->parts = calloc(undo->scope.nr + 1, sizeof(*undo->parts));
	return undo->parts ? 0 : -ENOMEM;
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
	struct part *part = find_part(undo, area->context);
	bool named;

	if (!part)
		return 0;
	if (known(area, AREA, BUSY) && area->busy)
		return bar(undo, "part of a context was locked, and its owners not to be seen");
	named = scope_means(transfer, area);
	if (stays(transfer, area, named)) {
		part->stays = true;
		return 0;
	}
	if (!named)
		return 0;
	part->moves = true;
	return add_owner(undo, area) ?: add_address(undo, area);
}

static int see_areas(struct undo *undo)
{
	int rc = scope_each_area(&undo->scope, &undo->transfer->channel, see_area, undo);

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
	const struct part *part;
	size_t i;

	for (i = 0; i < undo->scope.nr; i++) {
		part = &undo->parts[i];
		if (!part->moves)
			continue;
		if (part->stays && undo->owner != undo->transfer->to.owner)
			bar(undo, "the new owner owned other areas there before");
		else if (!holds(undo, undo->scope.contexts[i]))
			bar(undo, "the old owner does not hold the context");
	}
	if (!undo->owner)
		bar(undo, "there is no other process to give it back to");
}

/* THE COMMAND */

static void put_contexts(FILE *out, const struct undo *undo)
{
	size_t i;

	for (i = 0; i < undo->scope.nr; i++)
		if (undo->parts[i].moves)
			fprintf(out, " --context 0x%" PRIx64, undo->scope.contexts[i]);
}

static bool has_several(const struct undo *undo)
{
	size_t i, n = 0;

	for (i = 0; i < undo->scope.nr; i++)
		n += undo->parts[i].moves;
	return n > 1;
}

/* The kernel takes no more than 128 KiB for one argument. */
#define REMAPS_AN_OPTION	1000

static void put_remaps(FILE *out, const struct undo *undo)
{
	const struct dmaown_remap *remap;
	size_t i;

	for (i = 0; i < undo->remaps.nr; i++) {
		remap = &undo->remaps.items[i];
		fputs(i % REMAPS_AN_OPTION ? "," : " --remap ", out);
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
	const struct part *part;
	size_t i;

	for (i = 0; i < forces->nr; i++)
		if (forces->items[i].reason == DMAOWN_REASON_UNTRUSTED)
			force_put(out, DMAOWN_REASON_UNTRUSTED, forces->items[i].name);
	for (i = 0; i < devices->nr; i++) {
		device = &devices->items[i].device;
		part = find_part(undo, device->context);
		if (part && part->moves && force_covers_device(forces, device->device) &&
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
	scope_free(&undo.scope);
	free(undo.parts);
	remap_free(&undo.remaps);
	census_free(&undo.census);
}

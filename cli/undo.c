// SPDX-License-Identifier: GPL-2.0-only
/* The way back: it has to be known before the first step. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "census.h"
#include "transfer.h"

struct undo {
	struct record_list areas;	/* one for each context and owner */
	uint32_t pid;			/* the one old owner */
	struct remap_list remaps;	/* back to where that has the memory */
};

static bool in_scope(const struct transfer *transfer, const struct record_list *held,
		     uint64_t id)
{
	size_t i;

	for (i = 0; i < transfer->nr_contexts; i++)
		if (transfer->files[i].context == id)
			return true;
	return !transfer->nr_contexts && census_has_context(held, id);
}

static bool is_live(const struct area_record *area)
{
	return known(area, AREA, PID) && area->state == DMAOWN_STATE_LIVE;
}

/*
 * Drop what is not going to move. The way back is "--from TO": there is none where TO owns
 * something already, which would go back too, nor to two owners, nor to one that is dead or has
 * exec'd.
 */
static bool keep_what_moves(const struct transfer *transfer, const struct record_list *held,
			    struct undo *undo)
{
	struct record_list *areas = &undo->areas;
	const struct area_record *area;
	size_t i, n = 0;

	for (i = 0; i < areas->nr; i++) {
		area = &areas->items[i].area;
		if (!in_scope(transfer, held, area->context))
			continue;
		if (area->owner == transfer->to.owner)
			return false;
		if (transfer->from_text && area->owner != transfer->from.owner)
			continue;
		if (!is_live(area) || (undo->pid && area->pid != undo->pid))
			return false;
		undo->pid = area->pid;
		areas->items[n++] = areas->items[i];
	}
	areas->nr = n;
	return n;
}

static int add_old_address(const union record *record, void *data)
{
	const struct area_record *area = &record->area;
	struct undo *undo = data;
	struct dmaown_remap remap;

	if (!known(area, AREA, ADDR) || !is_live(area) || area->pid != undo->pid)
		return 0;
	remap = (struct dmaown_remap){
		.context = undo->areas.nr > 1 ? area->context : 0,
		.ioas = area->ioas,
		.iova = area->iova,
		.addr = area->addr,
	};
	return remap_add(&undo->remaps, &remap);
}

/* After a transfer to other addresses the way back leads to the old ones. */
static int find_old_addresses(struct transfer *transfer, struct undo *undo)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < undo->areas.nr && transfer->remaps.nr && !rc; i++)
		rc = channel_each(&transfer->channel, RECORD_AREA,
				  undo->areas.items[i].area.context, add_old_address, undo);
	return rc;
}

static void format_remaps(FILE *out, const struct remap_list *remaps)
{
	const struct dmaown_remap *remap;
	size_t i;

	for (i = 0; i < remaps->nr; i++) {
		remap = &remaps->items[i];
		fputs(i ? "," : " --remap ", out);
		if (remap->context)
			fprintf(out, "0x%llx/", remap->context);
		fprintf(out, "%u:0x%llx=0x%llx", remap->ioas, remap->iova, remap->addr);
	}
}

static char *format(const struct transfer *transfer, const struct undo *undo)
{
	char *text = NULL;
	size_t length, i;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	fprintf(out, "dmaownctl transfer --to %" PRIu32 " --from %" PRIu32, undo->pid,
		transfer->to.process.pid);
	for (i = 0; i < undo->areas.nr; i++)
		fprintf(out, " --context 0x%" PRIx64, undo->areas.items[i].area.context);
	format_remaps(out, &undo->remaps);
	fclose(out);
	return text;
}

/* Contexts that TO holds are the scope when none is named. */
static int read_held(struct census *census, const struct transfer *transfer,
		     struct record_list *held)
{
	const struct record_list *holders = census_holders(census);
	const struct holder_record *holder;
	size_t i;
	int rc = 0;

	for (i = 0; i < holders->nr && !rc; i++) {
		holder = &holders->items[i].holder;
		if (known(holder, HOLDER, CONTEXT) && known(holder, HOLDER, PID) &&
		    holder->pid == transfer->to.process.pid)
			rc = record_list_add(held, &holders->items[i]);
	}
	return rc;
}

char *undo_command(struct transfer *transfer)
{
	struct census census = { .channel = &transfer->channel };
	struct record_list held = { 0 };
	struct undo undo = { 0 };
	uint64_t context = transfer->nr_contexts == 1 ? transfer->files[0].context : 0;
	char *text = NULL;

	if (!read_held(&census, transfer, &held) &&
	    !census_owners(&census, context, 0, &undo.areas) &&
	    keep_what_moves(transfer, &held, &undo) && !find_old_addresses(transfer, &undo))
		text = format(transfer, &undo);
	record_list_free(&undo.areas);
	remap_free(&undo.remaps);
	record_list_free(&held);
	census_free(&census);
	return text;
}

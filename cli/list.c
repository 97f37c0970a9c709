// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl list: contexts */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "listing.h"

static bool holds(const union record *holder, const struct context_record *context)
{
	return known(&holder->holder, HOLDER, CONTEXT) &&
	       holder->holder.context == context->context;
}

/* Each process once, however many files it holds the context by. */
static void render_holders(const struct row *row, struct cell *cell)
{
	const struct record_list *holders = census_holders(row->census);
	size_t i;

	cell_set_list(cell);
	for (i = 0; i < holders->nr; i++)
		if (holds(&holders->items[i], &row->record->context))
			census_add_process(cell, &holders->items[i].holder);
}

/* The names that a context has by its open files, and those of devices bound to it. */
static void render_files(const struct row *row, struct cell *cell)
{
	const struct record_list *holders = census_holders(row->census);
	const struct holder_record *holder;
	struct cell *item;
	char *name;
	size_t i;

	cell_set_list(cell);
	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if (!holds(&holders->items[i], &row->record->context) ||
		    !known(holder, HOLDER, PID) || !known(holder, HOLDER, FD))
			continue;
		item = cell_add(cell);
		if (item && asprintf(&name, "%" PRIu32 "/%" PRIu32, holder->pid, holder->fd) > 0)
			cell_give_text(item, name);
	}
}

static void render_devices(const struct row *row, struct cell *cell)
{
	const struct record_list *devices = census_devices(row->census);
	const struct device_record *device;
	struct cell *item;
	size_t i;

	cell_set_list(cell);
	for (i = 0; i < devices->nr; i++) {
		device = &devices->items[i].device;
		if (device->context != row->record->context.context ||
		    !known(device, DEVICE, DEVICE))
			continue;
		item = cell_add(cell);
		if (item)
			cell_set_text(item, device->device);
	}
}

/* By what --from takes: its PID, or the owner ID of those that have none here. */
static void add_owner(struct cell *cell, uint64_t owner, uint32_t pid, enum dmaown_state state)
{
	bool by_pid = pid && state != DMAOWN_STATE_DEAD;
	enum cell_kind kind = by_pid ? CELL_NUMBER : CELL_HEX;
	uint64_t number = by_pid ? pid : owner;
	struct cell *item;

	if (state == DMAOWN_STATE_DEAD)
		cell->colour = COLOUR_BAD;
	else if (state == DMAOWN_STATE_STALE && cell->colour != COLOUR_BAD)
		cell->colour = COLOUR_WARN;
	if (cell_has_number(cell, kind, number))
		return;
	item = cell_add(cell);
	if (item)
		cell_set_number(item, kind, number);
}

static void add_owners(struct cell *cell, const struct record_list *areas)
{
	const struct area_record *area;
	size_t i;

	for (i = 0; i < areas->nr; i++) {
		area = &areas->items[i].area;
		add_owner(cell, area->owner, area->pid, area->state);
	}
}

static void render_owners(const struct row *row, struct cell *cell)
{
	const struct context_record *context = &row->record->context;
	struct record_list areas = { 0 };

	if (known(context, CONTEXT, OWNERS) && !context->owners) {
		cell_set_list(cell);
		return;
	}
	if (known(context, CONTEXT, OWNER)) {
		cell_set_list(cell);
		add_owner(cell, context->owner, context->owner_pid, context->owner_state);
		return;
	}
	/* Nobody found where somebody may be, behind a lock: unknown, not nobody. */
	if (!census_owners(row->census, context->context, context->owners, &areas) && areas.nr) {
		cell_set_list(cell);
		add_owners(cell, &areas);
	}
	record_list_free(&areas);
}

static void render_unit(const struct row *row, struct cell *cell)
{
	const char *unit = census_context_unit(row->census, row->record->context.context);

	if (unit)
		cell_give_text(cell, strdup(unit));
}

static void render_busy(const struct row *row, struct cell *cell)
{
	cell_set_field(cell, record_field(RECORD_CONTEXT, DMAOWN_A_CONTEXT_BUSY), row->record);
	if (cell->number)
		cell->colour = COLOUR_WARN;
}

static const struct column columns[] = {
	FIELD_COLUMN("ID", CONTEXT, CONTEXT, 10, SCOLS_FL_TRUNC),
	FIELD_COLUMN("KIND", CONTEXT, KIND, 0, 0),
	MADE_COLUMN("HOLDERS", CELL_LIST, render_holders, 7, SCOLS_FL_WRAP,
		    "processes that hold the context"),
	FIELD_COLUMN("IOASES", CONTEXT, IOASES, 0, 0),
	MADE_COLUMN("DEVICES", CELL_LIST, render_devices, 12, SCOLS_FL_WRAP,
		    "devices bound to the context"),
	FIELD_COLUMN("AREAS", CONTEXT, AREAS, 0, 0),
	FIELD_COLUMN("PINNED", CONTEXT, PINNED, 0, 0),
	MADE_COLUMN("OWNERS", CELL_LIST, render_owners, 7, SCOLS_FL_WRAP,
		    "processes that own areas; the dead by owner ID"),
	MADE_COLUMN("UNIT", CELL_TEXT, render_unit, 0.3, SCOLS_FL_TRUNC,
		    "systemd unit, or cgroup, of the first holder"),
	MADE_COLUMN("FILES", CELL_LIST, render_files, 10, SCOLS_FL_WRAP,
		    "open files of the context and of devices bound to it, as PID/FD"),
	FIELD_COLUMN("MODE", CONTEXT, MODE, 0, 0),
	FIELD_COLUMN("NHOLDERS", CONTEXT, HOLDERS, 0, 0),
	FIELD_COLUMN("NDEVICES", CONTEXT, DEVICES, 0, 0),
	FIELD_COLUMN("NOWNERS", CONTEXT, OWNERS, 0, 0),
	FIELD_COLUMN("HWPTS", CONTEXT, HWPTS, 0, 0),
	FIELD_COLUMN("ACCESSES", CONTEXT, ACCESSES, 0, 0),
	FIELD_COLUMN("MAPPED", CONTEXT, MAPPED, 0, 0),
	MADE_COLUMN("BUSY", CELL_NUMBER, render_busy, 0, 0,
		    "IOASes that were locked and are missing in the sums"),
};

static uint32_t busy(const union record *record)
{
	return record->context.busy;
}

static const struct listing listing = {
	.doc = "List the contexts of the system: of iommufd, and VFIO type1 containers.",
	.set = { RECORD_CONTEXT, columns, sizeof(columns) / sizeof(columns[0]) },
	.defaults = "ID,KIND,HOLDERS,IOASES,DEVICES,AREAS,PINNED,OWNERS,UNIT",
	.busy = busy,
};

int list_main(int argc, char **argv, const struct channel_choice *channel)
{
	return listing_main(&listing, argc, argv, channel);
}

// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl list: list contexts */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "listing.h"
#include "query/holding.h"

static struct record_range holders_of(const struct row *row)
{
	return record_list_range(lookup_holders(row->lookup), row->record->context.context);
}

/* List each process once, regardless of the number of its files. */
static void render_holders(const struct row *row, struct value *value)
{
	const struct record_range holders = holders_of(row);
	struct number_set seen = { 0 };
	size_t i;

	value_set_list(value);
	for (i = 0; i < holders.nr; i++)
		lookup_add_process(value, &record_range_at(&holders, i)->holder, &seen);
	number_set_free(&seen);
}

/* Return: the name by which --context takes the file, for the caller to free; or NULL. */
static char *name_file(const struct holder_record *holder)
{
	char *name = NULL;

	if (!known(holder, HOLDER, PID))
		return NULL;
	if (known(holder, HOLDER, FD) &&
	    asprintf(&name, "%" PRIu32 "/%" PRIu32, holder->pid, holder->fd) < 0)
		return NULL;
	if (known(holder, HOLDER, ADDR) &&
	    asprintf(&name, "%" PRIu32 "/0x%" PRIx64, holder->pid, holder->addr) < 0)
		return NULL;
	return name;
}

/* List the open and mapped files of the context, and of devices bound to it. */
static void render_files(const struct row *row, struct value *value)
{
	const struct record_range holders = holders_of(row);
	struct value *item;
	char *name;
	size_t i;

	value_set_list(value);
	for (i = 0; i < holders.nr; i++) {
		name = name_file(&record_range_at(&holders, i)->holder);
		item = name ? value_add(value) : NULL;
		if (item)
			value_give_text(item, name);
		else
			free(name);
	}
}

static void render_devices(const struct row *row, struct value *value)
{
	const struct record_range devices =
		record_list_range(lookup_devices(row->lookup), row->record->context.context);
	const struct device_record *device;
	struct value *item;
	size_t i;

	value_set_list(value);
	for (i = 0; i < devices.nr; i++) {
		device = &record_range_at(&devices, i)->device;
		if (!known(device, DEVICE, DEVICE))
			continue;
		item = value_add(value);
		if (item)
			value_set_text(item, device->device);
	}
}

/*
 * Name an owner as --from does: by PID, or by owner ID if it is dead or has no PID here.
 * @seen: PIDs and owner IDs, which are larger than PIDs
 */
static void add_owner(struct value *value, uint64_t owner, uint32_t pid, enum dmaown_state state,
		      struct number_set *seen)
{
	bool by_pid = pid && state != DMAOWN_STATE_DEAD;
	enum value_kind kind = by_pid ? VALUE_NUMBER : VALUE_HEX;
	uint64_t number = by_pid ? pid : owner;
	struct value *item;

	if (state == DMAOWN_STATE_DEAD)
		value->colour = COLOUR_BAD;
	else if (state == DMAOWN_STATE_STALE && value->colour != COLOUR_BAD)
		value->colour = COLOUR_WARN;
	if (number_set_add(seen, number) <= 0)
		return;
	item = value_add(value);
	if (item)
		value_set_number(item, kind, number);
}

static void add_owners(struct value *value, const struct record_list *areas)
{
	const struct area_record *area;
	struct number_set seen = { 0 };
	size_t i;

	for (i = 0; i < areas->nr; i++) {
		area = &areas->items[i].area;
		add_owner(value, area->owner, area->pid, area->state, &seen);
	}
	number_set_free(&seen);
}

static void render_owners(const struct row *row, struct value *value)
{
	const struct context_record *context = &row->record->context;
	struct record_list areas = { 0 };
	struct number_set seen = { 0 };

	if (known(context, CONTEXT, OWNERS) && !context->owners) {
		value_set_list(value);
		return;
	}
	if (known(context, CONTEXT, OWNER)) {
		value_set_list(value);
		add_owner(value, context->owner, context->owner_pid, context->owner_state, &seen);
		number_set_free(&seen);
		return;
	}
	/* Without any area the owners are unknown: areas may be in a locked IOAS. */
	if (!lookup_owners(row->lookup, context->context, context->owners, &areas) && areas.nr) {
		value_set_list(value);
		add_owners(value, &areas);
	}
	record_list_free(&areas);
}

static void render_unit(const struct row *row, struct value *value)
{
	const char *unit = lookup_context_unit(row->lookup, row->record->context.context);

	if (unit)
		value_give_text(value, strdup(unit));
}

static void render_busy(const struct row *row, struct value *value)
{
	value_set_field(value, record_field(RECORD_CONTEXT, DMAOWN_A_CONTEXT_BUSY), row->record);
	if (value->number)
		value->colour = COLOUR_WARN;
}

static const struct column columns[] = {
	FIELD_COLUMN("ID", CONTEXT, CONTEXT, 0, 0),
	FIELD_COLUMN("KIND", CONTEXT, KIND, 0, 0),
	MADE_COLUMN("HOLDERS", VALUE_LIST, render_holders, 7, SCOLS_FL_WRAP,
		    "processes that hold the context; ?: open files of a device that no process has"),
	FIELD_COLUMN("IOASES", CONTEXT, IOASES, 0, 0),
	MADE_COLUMN("DEVICES", VALUE_LIST, render_devices, 12, SCOLS_FL_WRAP,
		    "devices bound to the context"),
	FIELD_COLUMN("AREAS", CONTEXT, AREAS, 0, 0),
	FIELD_COLUMN("PINNED", CONTEXT, PINNED, 0, 0),
	MADE_COLUMN("OWNERS", VALUE_LIST, render_owners, 7, SCOLS_FL_WRAP,
		    "processes that own areas; dead ones by owner ID"),
	MADE_COLUMN("UNIT", VALUE_TEXT, render_unit, 0.3, SCOLS_FL_TRUNC,
		    "systemd unit, or cgroup, of the first holder"),
	MADE_COLUMN("FILES", VALUE_LIST, render_files, 10, SCOLS_FL_WRAP,
		    "files of the context and of devices in it: PID/FD, or PID/ADDR of a mapping"),
	FIELD_COLUMN("MODE", CONTEXT, MODE, 0, 0),
	FIELD_COLUMN("NHOLDERS", CONTEXT, HOLDERS, 0, 0),
	FIELD_COLUMN("NDEVICES", CONTEXT, DEVICES, 0, 0),
	FIELD_COLUMN("NOWNERS", CONTEXT, OWNERS, 0, 0),
	FIELD_COLUMN("HWPTS", CONTEXT, HWPTS, 0, 0),
	FIELD_COLUMN("ACCESSES", CONTEXT, ACCESSES, 0, 0),
	FIELD_COLUMN("MAPPED", CONTEXT, MAPPED, 0, 0),
	MADE_COLUMN("BUSY", VALUE_NUMBER, render_busy, 0, 0,
		    "IOASes that were locked and are missing from the totals"),
};

static uint32_t busy(const union record *record)
{
	return record->context.busy;
}

static const struct listing listing = {
	.doc = "List all contexts of the system: those of iommufd, and VFIO type1 containers.",
	.set = { RECORD_CONTEXT, columns, sizeof(columns) / sizeof(columns[0]) },
	.defaults = "ID,KIND,HOLDERS,IOASES,DEVICES,AREAS,PINNED,OWNERS,UNIT",
	.busy = busy,
	.has_holders = true,
};

int list_main(int argc, char **argv, const struct channel_choice *channel)
{
	return listing_main(&listing, argc, argv, channel);
}

// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl areas: list areas */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "host/user.h"
#include "listing.h"

static void render_last(const struct row *row, struct value *value)
{
	const struct area_record *area = &row->record->area;

	if (known(area, AREA, IOVA) && known(area, AREA, LENGTH) && area->length)
		value_set_number(value, VALUE_HEX, area->iova + area->length - 1);
}

static void render_prot(const struct row *row, struct value *value)
{
	static const char *const names[] = { "--", "r-", "-w", "rw" };
	const struct area_record *area = &row->record->area;

	if (known(area, AREA, READABLE) && known(area, AREA, WRITABLE))
		value_set_text(value, names[(area->readable ? 1 : 0) + (area->writable ? 2 : 0)]);
}

/* A record of a locked IOAS stands for areas that could not be listed: show that as the state. */
static void render_state(const struct row *row, struct value *value)
{
	if (row->record->area.busy) {
		value_set_text(value, "busy");
		value->colour = COLOUR_WARN;
		return;
	}
	value_set_field(value, record_field(RECORD_AREA, DMAOWN_A_AREA_STATE), row->record);
}

static void render_user(const struct row *row, struct value *value)
{
	if (known(&row->record->area, AREA, UID))
		value_give_text(value, user_name(row->record->area.uid));
}

static void render_unit(const struct row *row, struct value *value)
{
	const struct area_record *area = &row->record->area;
	const char *unit = NULL;

	if (known(area, AREA, PID) && area->state != DMAOWN_STATE_DEAD)
		unit = lookup_unit(row->lookup, area->pid);
	if (unit)
		value_give_text(value, strdup(unit));
}

/* Show the device as /proc/PID/maps does. */
static void render_file_dev(const struct row *row, struct value *value)
{
	const struct area_record *area = &row->record->area;
	char text[24];

	if (!known(area, AREA, FILE_MAJOR) || !known(area, AREA, FILE_MINOR))
		return;
	snprintf(text, sizeof(text), "%02" PRIx32 ":%02" PRIx32, area->file_major,
		 area->file_minor);
	value_give_text(value, strdup(text));
}

static const struct column columns[] = {
	FIELD_COLUMN("CONTEXT", AREA, CONTEXT, 0, 0),
	FIELD_COLUMN("IOAS", AREA, IOAS, 0, 0),
	FIELD_COLUMN("IOVA", AREA, IOVA, 0, SCOLS_FL_RIGHT),
	FIELD_COLUMN("LENGTH", AREA, LENGTH, 0, 0),
	FIELD_COLUMN("SOURCE", AREA, SOURCE, 0, 0),
	FIELD_COLUMN("ADDR", AREA, ADDR, 0, SCOLS_FL_RIGHT),
	MADE_COLUMN("PROT", VALUE_TEXT, render_prot, 0, 0,
		    "what the device may do: r(ead), w(rite)"),
	FIELD_COLUMN("PINNED", AREA, PINNED, 0, 0),
	FIELD_COLUMN("MODE", AREA, MODE, 0, 0),
	FIELD_COLUMN("PID", AREA, PID, 0, 0),
	MADE_COLUMN("STATE", VALUE_TEXT, render_state, 0, 0,
		    "state of the owner; busy: not an area, but an IOAS or context that is locked"),
	MADE_COLUMN("LAST", VALUE_HEX, render_last, 0, SCOLS_FL_RIGHT, "last IOVA"),
	FIELD_COLUMN("OFFSET", AREA, OFFSET, 0, SCOLS_FL_RIGHT),
	FIELD_COLUMN("READABLE", AREA, READABLE, 0, 0),
	FIELD_COLUMN("WRITABLE", AREA, WRITABLE, 0, 0),
	FIELD_COLUMN("PAGES", AREA, PAGES, 0, 0),
	FIELD_COLUMN("SHARERS", AREA, SHARERS, 0, 0),
	FIELD_COLUMN("ACCESSES", AREA, ACCESSES, 0, 0),
	FIELD_COLUMN("OWNER", AREA, OWNER, 0, 0),
	FIELD_COLUMN("START", AREA, START, 0, 0),
	FIELD_COLUMN("UID", AREA, UID, 0, 0),
	MADE_COLUMN("USER", VALUE_TEXT, render_user, 0, 0, "user who is charged"),
	MADE_COLUMN("UNIT", VALUE_TEXT, render_unit, 0.3, SCOLS_FL_TRUNC,
		    "systemd unit, or cgroup, of the owner"),
	FIELD_COLUMN("BUSY", AREA, BUSY, 0, 0),
	FIELD_COLUMN("KIND", AREA, KIND, 0, 0),
	FIELD_COLUMN("INVALID", AREA, INVALID, 0, 0),
	MADE_COLUMN("FILE_DEV", VALUE_TEXT, render_file_dev, 0, SCOLS_FL_RIGHT,
		    "device that holds the mapped file, as in /proc/PID/maps"),
	FIELD_COLUMN("FILE_INODE", AREA, FILE_INODE, 0, 0),
};

static bool wanted(const struct listing_filter *filter, const union record *record)
{
	const struct area_record *area = &record->area;

	if (!filter->pid || area->busy)
		return true;
	return known(area, AREA, PID) && area->pid == filter->pid;
}

static uint32_t busy(const union record *record)
{
	return record->area.busy;
}

static const struct listing listing = {
	.doc = "List the areas of all contexts, or of one.\vWith --pid: the areas that PID owns.",
	.set = { RECORD_AREA, columns, sizeof(columns) / sizeof(columns[0]) },
	.defaults = "CONTEXT,IOAS,IOVA,LENGTH,SOURCE,ADDR,PROT,PINNED,MODE,PID,STATE",
	.by_owner = true,
	.wanted = wanted,
	.busy = busy,
};

int areas_main(int argc, char **argv, const struct channel_choice *channel)
{
	return listing_main(&listing, argc, argv, channel);
}

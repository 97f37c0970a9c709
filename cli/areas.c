// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl areas */
#include <string.h>

#include "command.h"
#include "listing.h"
#include "process.h"

static void render_last(const struct row *row, struct cell *cell)
{
	const struct area_record *area = &row->record->area;

	if (known(area, AREA, IOVA) && known(area, AREA, LENGTH) && area->length)
		cell_set_number(cell, CELL_HEX, area->iova + area->length - 1);
}

static void render_prot(const struct row *row, struct cell *cell)
{
	static const char *const names[] = { "--", "r-", "-w", "rw" };
	const struct area_record *area = &row->record->area;

	if (known(area, AREA, READABLE) && known(area, AREA, WRITABLE))
		cell_set_text(cell, names[(area->readable ? 1 : 0) + (area->writable ? 2 : 0)]);
}

/* A line that stands for an IOAS which could not be listed says so where people look. */
static void render_state(const struct row *row, struct cell *cell)
{
	if (row->record->area.busy) {
		cell_set_text(cell, "busy");
		cell->colour = COLOUR_WARN;
		return;
	}
	cell_set_field(cell, record_field(RECORD_AREA, DMAOWN_A_AREA_STATE), row->record);
}

static void render_user(const struct row *row, struct cell *cell)
{
	if (known(&row->record->area, AREA, UID))
		cell_give_text(cell, user_name(row->record->area.uid));
}

static void render_unit(const struct row *row, struct cell *cell)
{
	const struct area_record *area = &row->record->area;
	const char *unit = NULL;

	if (known(area, AREA, PID) && area->state != DMAOWN_STATE_DEAD)
		unit = census_unit(row->census, area->pid);
	if (unit)
		cell_give_text(cell, strdup(unit));
}

static const struct column columns[] = {
	FIELD_COLUMN("CONTEXT", AREA, CONTEXT, 10, SCOLS_FL_TRUNC),
	FIELD_COLUMN("IOAS", AREA, IOAS, 0, 0),
	FIELD_COLUMN("IOVA", AREA, IOVA, 0, SCOLS_FL_RIGHT),
	FIELD_COLUMN("LENGTH", AREA, LENGTH, 0, 0),
	FIELD_COLUMN("SOURCE", AREA, SOURCE, 0, 0),
	FIELD_COLUMN("ADDR", AREA, ADDR, 0, SCOLS_FL_RIGHT),
	MADE_COLUMN("PROT", CELL_TEXT, render_prot, 0, 0,
		    "what the device may do: r(ead), w(rite)"),
	FIELD_COLUMN("PINNED", AREA, PINNED, 0, 0),
	FIELD_COLUMN("MODE", AREA, MODE, 0, 0),
	FIELD_COLUMN("PID", AREA, PID, 0, 0),
	MADE_COLUMN("STATE", CELL_TEXT, render_state, 0, 0,
		    "state of the owner; or busy: no area, but an IOAS that is locked"),
	MADE_COLUMN("LAST", CELL_HEX, render_last, 0, SCOLS_FL_RIGHT, "last IOVA"),
	FIELD_COLUMN("OFFSET", AREA, OFFSET, 0, SCOLS_FL_RIGHT),
	FIELD_COLUMN("READABLE", AREA, READABLE, 0, 0),
	FIELD_COLUMN("WRITABLE", AREA, WRITABLE, 0, 0),
	FIELD_COLUMN("PAGES", AREA, PAGES, 0, 0),
	FIELD_COLUMN("SHARERS", AREA, SHARERS, 0, 0),
	FIELD_COLUMN("ACCESSES", AREA, ACCESSES, 0, 0),
	FIELD_COLUMN("OWNER", AREA, OWNER, 10, SCOLS_FL_TRUNC),
	FIELD_COLUMN("START", AREA, START, 0, 0),
	FIELD_COLUMN("UID", AREA, UID, 0, 0),
	MADE_COLUMN("USER", CELL_TEXT, render_user, 0, 0, "user who is charged"),
	MADE_COLUMN("UNIT", CELL_TEXT, render_unit, 0.3, SCOLS_FL_TRUNC,
		    "systemd unit, or cgroup, of the owner"),
	FIELD_COLUMN("BUSY", AREA, BUSY, 0, 0),
	FIELD_COLUMN("KIND", AREA, KIND, 0, 0),
	FIELD_COLUMN("INVALID", AREA, INVALID, 0, 0),
};

static bool wanted(const struct filter *filter, const union record *record)
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

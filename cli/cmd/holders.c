// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl holders: list holders of contexts, and what they may still pin */
#include "command.h"
#include "holder_row.h"
#include "listing.h"
#include "query/headroom.h"
#include "query/holding.h"

static void render_headroom(const struct row *row, struct value *value)
{
	const struct holder_record *holder = &row->record->holder;

	value_set_field(value, record_field(RECORD_HOLDER, DMAOWN_A_HOLDER_HEADROOM), row->record);
	if (known(holder, HOLDER, HEADROOM) &&
	    headroom_is_scarce(holder->headroom, holder->limit, HEADROOM_PERCENT))
		value->colour = COLOUR_BAD;
}

static const struct column columns[] = {
	FIELD_COLUMN("CONTEXT", HOLDER, CONTEXT, 0, 0),
	MADE_COLUMN("PID", VALUE_NUMBER, holder_row_pid, 0, 0,
		    "process; ? for open files of a device that no process has"),
	FIELD_COLUMN("COMMAND", HOLDER, COMM, 8, SCOLS_FL_TRUNC),
	MADE_COLUMN("USER", VALUE_TEXT, holder_row_user, 6, SCOLS_FL_TRUNC, "user of the process"),
	MADE_COLUMN("UNIT", VALUE_TEXT, holder_row_unit, 8, SCOLS_FL_TRUNC,
		    "systemd unit, or cgroup, of the process"),
	FIELD_COLUMN("HOW", HOLDER, VIA, 0, 0),
	FIELD_COLUMN("FD", HOLDER, FD, 0, 0),
	FIELD_COLUMN("ADDR", HOLDER, ADDR, 0, 0),
	FIELD_COLUMN("DEVICE", HOLDER, DEVICE, 12, 0),
	FIELD_COLUMN("KIND", HOLDER, KIND, 0, 0),
	FIELD_COLUMN("MODE", HOLDER, MODE, 0, 0),
	FIELD_COLUMN("LIMIT", HOLDER, LIMIT, 0, 0),
	FIELD_COLUMN("USED", HOLDER, USED, 0, 0),
	MADE_COLUMN("HEADROOM", VALUE_SIZE, render_headroom, 0, 0,
		    "limit minus used; 0 if used is larger"),
	FIELD_COLUMN("FILES", HOLDER, FILES, 0, 0),
	FIELD_COLUMN("BUSY", HOLDER, BUSY, 0, 0),
	FIELD_COLUMN("UNSEEN", HOLDER, UNSEEN, 0, 0),
	FIELD_COLUMN("REMOVING", HOLDER, REMOVING, 0, 0),
	FIELD_COLUMN("START", HOLDER, START, 0, 0),
	FIELD_COLUMN("UID", HOLDER, UID, 0, 0),
};

static bool wanted(const struct listing_filter *filter, const union record *record)
{
	const struct holder_record *holder = &record->holder;

	if (filter->pid && !holder_has_pid(holder, filter->pid))
		return false;
	return !filter->context || holder_has_context(holder, filter->context);
}

static const struct listing listing = {
	.doc = "List the holders of contexts, and what each may still pin: the next area that a "
	       "process maps is charged in MODE, and fails if it exceeds HEADROOM.\v"
	       "Only a process with a descriptor of the context itself (HOW context) can map "
	       "areas.",
	.set = { RECORD_HOLDER, columns, sizeof(columns) / sizeof(columns[0]) },
	.defaults = "CONTEXT,PID,COMMAND,USER,UNIT,HOW,DEVICE,FILES,MODE,LIMIT,USED,HEADROOM",
	.by_owner = true,
	.has_holders = true,
	.wanted = wanted,
};

int holders_main(int argc, char **argv, const struct channel_choice *channel)
{
	return listing_main(&listing, argc, argv, channel);
}

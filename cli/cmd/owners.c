// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl owners: list owners */
#include <string.h>

#include "command.h"
#include "health/counters.h"
#include "host/user.h"
#include "listing.h"
#include "query/headroom.h"

static void render_user(const struct row *row, struct value *value)
{
	if (known(&row->record->owner, OWNER, UID))
		value_give_text(value, user_name(row->record->owner.uid));
}

static void render_unit(const struct row *row, struct value *value)
{
	const struct owner_record *owner = &row->record->owner;
	const char *unit = NULL;

	/* Another process may have the PID of a dead owner. */
	if (known(owner, OWNER, PID) && owner->state != DMAOWN_STATE_DEAD)
		unit = lookup_unit(row->lookup, owner->pid);
	if (unit)
		value_give_text(value, strdup(unit));
}

static void render_headroom(const struct row *row, struct value *value)
{
	const struct owner_record *owner = &row->record->owner;

	value_set_field(value, record_field(RECORD_OWNER, DMAOWN_A_OWNER_HEADROOM), row->record);
	if (is_scarce(owner, HEADROOM_PERCENT))
		value->colour = COLOUR_BAD;
}

static void render_mark(const struct row *row, struct value *value)
{
	const struct owner_record *owner = &row->record->owner;

	if (is_corrupt(owner))
		value_set_text(value, "corrupt");
	else if (is_scarce(owner, HEADROOM_PERCENT))
		value_set_text(value, "low");
	else
		return;
	value->colour = COLOUR_BAD;
}

static const struct column columns[] = {
	FIELD_COLUMN("OWNER", OWNER, OWNER, 0, 0),
	FIELD_COLUMN("PID", OWNER, PID, 0, 0),
	FIELD_COLUMN("COMMAND", OWNER, COMM, 8, SCOLS_FL_TRUNC),
	MADE_COLUMN("USER", VALUE_TEXT, render_user, 6, SCOLS_FL_TRUNC, "user who is charged"),
	MADE_COLUMN("UNIT", VALUE_TEXT, render_unit, 8, SCOLS_FL_TRUNC,
		    "systemd unit, or cgroup, of the process"),
	FIELD_COLUMN("STATE", OWNER, STATE, 0, 0),
	FIELD_COLUMN("KIND", OWNER, KIND, 0, 0),
	FIELD_COLUMN("MODE", OWNER, MODE, 0, 0),
	FIELD_COLUMN("CONTEXTS", OWNER, CONTEXTS, 0, 0),
	FIELD_COLUMN("AREAS", OWNER, AREAS, 0, 0),
	FIELD_COLUMN("PINNED", OWNER, PINNED, 0, 0),
	FIELD_COLUMN("CHARGED", OWNER, CHARGED, 0, 0),
	FIELD_COLUMN("LIMIT", OWNER, LIMIT, 0, 0),
	MADE_COLUMN("HEADROOM", VALUE_SIZE, render_headroom, 0, 0,
		    "limit minus used; 0 if used is larger"),
	MADE_COLUMN("MARK", VALUE_TEXT, render_mark, 0, 0,
		    "low: less than 10 % of the limit is left; corrupt: a counter makes no sense"),
	FIELD_COLUMN("USED", OWNER, USED, 0, 0),
	FIELD_COLUMN("VM_PINNED", OWNER, VM_PINNED, 0, 0),
	FIELD_COLUMN("VM_LOCKED", OWNER, VM_LOCKED, 0, 0),
	FIELD_COLUMN("USER_LOCKED", OWNER, USER_LOCKED, 0, 0),
	FIELD_COLUMN("USER_OTHER", OWNER, USER_OTHER, 0, 0),
	FIELD_COLUMN("START", OWNER, START, 0, 0),
	FIELD_COLUMN("UID", OWNER, UID, 0, 0),
	FIELD_COLUMN("BUSY", OWNER, BUSY, 0, 0),
};

static bool wanted(const struct listing_filter *filter, const union record *record)
{
	const struct owner_record *owner = &record->owner;

	if (filter->pid && !(known(owner, OWNER, PID) && owner->pid == filter->pid))
		return false;
	/* The record of an owner names no contexts. */
	return !filter->context || number_set_has(&filter->owners, owner->owner);
}

static uint32_t busy(const union record *record)
{
	return record->owner.busy;
}

static const struct listing listing = {
	.doc = "List the owners of areas, and what they are charged with.\v"
	       "With --context: the owners of areas in it; their figures are for the whole system.",
	.set = { RECORD_OWNER, columns, sizeof(columns) / sizeof(columns[0]) },
	.defaults = "OWNER,PID,COMMAND,USER,UNIT,STATE,MODE,PINNED,CHARGED,LIMIT,HEADROOM,MARK",
	.by_owner = true,
	.wanted = wanted,
	.busy = busy,
	.busy_is_total = true,
};

int owners_main(int argc, char **argv, const struct channel_choice *channel)
{
	return listing_main(&listing, argc, argv, channel);
}

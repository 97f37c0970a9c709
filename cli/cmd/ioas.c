// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl ioas: list IOASes */
#include <string.h>

#include "command.h"
#include "listing.h"

static void render_busy(const struct row *row, struct value *value)
{
	bool busy = row->record->ioas.busy;

	value_set_flag(value, busy, "busy", "");
	if (busy)
		value->colour = COLOUR_WARN;
}

static void render_unit(const struct row *row, struct value *value)
{
	const char *unit = lookup_context_unit(row->lookup, row->record->ioas.context);

	if (unit)
		value_give_text(value, strdup(unit));
}

static const struct column columns[] = {
	FIELD_COLUMN("CONTEXT", IOAS, CONTEXT, 0, 0),
	FIELD_COLUMN("IOAS", IOAS, IOAS, 0, 0),
	FIELD_COLUMN("HWPTS", IOAS, HWPTS, 0, 0),
	FIELD_COLUMN("DEVICES", IOAS, DEVICES, 0, 0),
	FIELD_COLUMN("ACCESSES", IOAS, ACCESSES, 0, 0),
	FIELD_COLUMN("AREAS", IOAS, AREAS, 0, 0),
	FIELD_COLUMN("MAPPED", IOAS, MAPPED, 0, 0),
	FIELD_COLUMN("PINNED", IOAS, PINNED, 0, 0),
	FIELD_COLUMN("ALIGNMENT", IOAS, ALIGNMENT, 0, 0),
	MADE_COLUMN("BUSY", VALUE_FLAG, render_busy, 0, 0,
		    "busy: the IOAS was locked; areas, accesses, mapped and pinned are unknown"),
	FIELD_COLUMN("KIND", IOAS, KIND, 0, 0),
	MADE_COLUMN("UNIT", VALUE_TEXT, render_unit, 0.3, SCOLS_FL_TRUNC,
		    "systemd unit, or cgroup, of the first holder of the context"),
};

static uint32_t busy(const union record *record)
{
	return record->ioas.busy;
}

static const struct listing listing = {
	.doc = "List the IOASes of all contexts, or of one.",
	.set = { RECORD_IOAS, columns, sizeof(columns) / sizeof(columns[0]) },
	.defaults = "CONTEXT,IOAS,HWPTS,DEVICES,ACCESSES,AREAS,MAPPED,PINNED,BUSY",
	.busy = busy,
};

int ioas_main(int argc, char **argv, const struct channel_choice *channel)
{
	return listing_main(&listing, argc, argv, channel);
}

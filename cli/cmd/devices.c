// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl devices: list devices */
#include <string.h>

#include "command.h"
#include "listing.h"
#include "query/holding.h"

/* List the holders of the device's own file: the device is reset when the last closes it. */
static void render_holders(const struct row *row, struct value *value)
{
	struct number_set seen = { 0 };
	size_t i, nr;
	const struct holder_record *const *holders =
		lookup_device_holders(row->lookup, row->record->device.device, &nr);

	value_set_list(value);
	for (i = 0; i < nr; i++)
		lookup_add_process(value, holders[i], &seen);
	number_set_free(&seen);
}

static void render_removing(const struct row *row, struct value *value)
{
	value_set_field(value, record_field(RECORD_DEVICE, DMAOWN_A_DEVICE_REMOVING), row->record);
	if (row->record->device.removing)
		value->colour = COLOUR_WARN;
}

static void render_unit(const struct row *row, struct value *value)
{
	const char *unit = lookup_context_unit(row->lookup, row->record->device.context);

	if (unit)
		value_give_text(value, strdup(unit));
}

static const struct column columns[] = {
	FIELD_COLUMN("DEVICE", DEVICE, DEVICE, 0, 0),
	FIELD_COLUMN("CONTEXT", DEVICE, CONTEXT, 0, 0),
	FIELD_COLUMN("ID", DEVICE, ID, 0, 0),
	FIELD_COLUMN("HWPT", DEVICE, HWPT, 0, 0),
	FIELD_COLUMN("IOAS", DEVICE, IOAS, 0, 0),
	FIELD_COLUMN("KIND", DEVICE, KIND, 0, 0),
	FIELD_COLUMN("OPENS", DEVICE, OPENS, 0, 0),
	FIELD_COLUMN("UNKNOWN", DEVICE, UNKNOWN, 0, 0),
	MADE_COLUMN("HOLDERS", VALUE_LIST, render_holders, 7, SCOLS_FL_WRAP,
		    "processes that have the device's file open or mapped; ?: open files that no "
		    "process has"),
	MADE_COLUMN("REMOVING", VALUE_FLAG, render_removing, 0, 0,
		    "yes: the device is being unbound or removed, which waits for its holders"),
	MADE_COLUMN("UNIT", VALUE_TEXT, render_unit, 0.3, SCOLS_FL_TRUNC,
		    "systemd unit, or cgroup, of the first holder of the context"),
};

static const struct listing listing = {
	.doc = "List the devices that are bound to a context.",
	.set = { RECORD_DEVICE, columns, sizeof(columns) / sizeof(columns[0]) },
	.defaults = "DEVICE,CONTEXT,KIND,ID,HWPT,IOAS,HOLDERS",
	.has_holders = true,
};

int devices_main(int argc, char **argv, const struct channel_choice *channel)
{
	return listing_main(&listing, argc, argv, channel);
}

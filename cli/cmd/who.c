// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl who: show who holds devices, groups and contexts, and what frees them */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "exit_status.h"
#include "health/unknown.h"
#include "holder_row.h"
#include "host/array.h"
#include "listing.h"
#include "query/context.h"
#include "query/holding.h"
#include "query/subject.h"

/* COLUMNS */

/* A holder, and the subject that it holds. */
struct who_row {
	struct row row;
	const struct subject *subject;
};

static const struct holder_record *holder_of(const struct row *row)
{
	return &row->record->holder;
}

static void render_name(const struct row *row, struct value *value)
{
	value_set_text(value, ((const struct who_row *)row)->subject->text);
}

static void render_state(const struct row *row, struct value *value)
{
	const struct holder_record *holder = holder_of(row);

	if (holder->removing)
		value_set_text(value, "removing");
	else if (holder->busy)
		value_set_text(value, "busy");
	else if (holder->unseen)
		value_set_text(value, "unseen");
	else if (!known(holder, HOLDER, CONTEXT))
		value_set_text(value, "no-context");
	if (holder_is_unclear(holder))
		value->colour = COLOUR_WARN;
}

static void render_frees(const struct row *row, struct value *value)
{
	const struct holder_record *holder = holder_of(row);
	char *text = NULL;

	if (holder_is_unknown(holder) && holder_is_certain(holder))
		value_set_text(value, "unknown: " UNKNOWN_CAUSES);
	else if (known(holder, HOLDER, FD) &&
		 asprintf(&text, "closes descriptor %" PRIu32, holder->fd) >= 0)
		value_give_text(value, text);
	else if (known(holder, HOLDER, ADDR) &&
		 asprintf(&text, "unmaps 0x%" PRIx64, holder->addr) >= 0)
		value_give_text(value, text);
}

static const struct column columns[] = {
	MADE_COLUMN("NAME", VALUE_TEXT, render_name, 0, 0, "name, as given"),
	MADE_COLUMN("PID", VALUE_NUMBER, holder_row_pid, 0, 0,
		    "PID; ?: open files that no process has"),
	FIELD_COLUMN("COMMAND", HOLDER, COMM, 8, SCOLS_FL_TRUNC),
	MADE_COLUMN("USER", VALUE_TEXT, holder_row_user, 6, SCOLS_FL_TRUNC,
		    "real user of the process"),
	MADE_COLUMN("UNIT", VALUE_TEXT, holder_row_unit, 8, SCOLS_FL_TRUNC,
		    "systemd unit, or cgroup, of the process"),
	FIELD_COLUMN("HOW", HOLDER, VIA, 0, 0),
	FIELD_COLUMN("FD", HOLDER, FD, 0, 0),
	FIELD_COLUMN("ADDR", HOLDER, ADDR, 0, 0),
	FIELD_COLUMN("DEVICE", HOLDER, DEVICE, 0, 0),
	FIELD_COLUMN("CONTEXT", HOLDER, CONTEXT, 0, 0),
	MADE_COLUMN("STATE", VALUE_TEXT, render_state, 0, 0,
		    "no-context: the file is in no context; removing: the device is being unbound or "
		    "removed; busy, unseen: the context is unknown"),
	MADE_COLUMN("FREES", VALUE_TEXT, render_frees, 0.3, SCOLS_FL_WRAP,
		    "step of the process that frees it, besides its exit"),
	FIELD_COLUMN("FILES", HOLDER, FILES, 0, 0),
	FIELD_COLUMN("UID", HOLDER, UID, 0, 0),
	FIELD_COLUMN("START", HOLDER, START, 0, 0),
};

static const struct column_set set = { RECORD_HOLDER, columns,
				       sizeof(columns) / sizeof(columns[0]) };

#define DEFAULTS "NAME,PID,COMMAND,USER,HOW,STATE,FREES"

/* THE COMMAND LINE */

struct who {
	struct listing_options options;
	const char **names;
	size_t nr_names;
	size_t room_names;

	struct channel *channel;
	struct lookup lookup;
	uint64_t context; /* of --context, or 0 */
	struct subject *subjects;
	size_t nr_subjects;
	struct listing_rows rows;
	struct finding_list findings; /* what may hold a subject as well */
	bool held;
	bool missing; /* a name does not exist */
};

static error_t parse_who(int key, char *arg, struct argp_state *state)
{
	struct who *who = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &who->options;
		return 0;
	case ARGP_KEY_ARG:
		if (!array_grow((void **)&who->names, &who->room_names, who->nr_names + 1,
				sizeof(*who->names)))
			return ENOMEM;
		who->names[who->nr_names++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (!who->nr_names && !who->options.output.list_columns)
			usage_error(state, "which device, group or context?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child who_children[] = { { &listing_argp, 0, NULL, 0 }, { 0 } };

static const struct argp who_argp = {
	.parser = parse_who,
	.children = who_children,
	.args_doc = "NAME...",
	.doc = "Show who holds a device, a group or a context, and what would free it. Files that "
	       "are in no context are shown as well.\v"
	       "NAME is a device (0000:01:00.0, 01:00.0, vfio3, /dev/vfio/devices/vfio3), a group (5, "
	       "group-5, /dev/vfio/5), a context (its ID, 0x...), or /dev/iommu or /dev/vfio/vfio for "
	       "all contexts of that kind.\n"
	       "Exit status: 0 at least one NAME is held; 1 none is held, or a NAME does not exist; 14 "
	       "none is held as far as is known, but not everything could be inspected; see "
	       "dmaownctl(8).",
};

/* HOLDERS */

static bool is_wanted(const struct who *who, const struct holder_record *holder)
{
	if (who->options.pid && !holder_has_pid(holder, who->options.pid))
		return false;
	return !who->context || holder_has_context(holder, who->context);
}

/* May the record pass, although it does not say so? */
static bool may_be_wanted(const struct who *who, const struct holder_record *holder)
{
	if (who->options.pid && !holder_has_pid(holder, who->options.pid) &&
	    !holder_is_unknown(holder))
		return false;
	return !who->context || holder_has_context(holder, who->context) ||
	       (holder_is_unclear(holder) && !known(holder, HOLDER, CONTEXT));
}

static int print_holder(struct who *who, const struct subject *subject, const union record *record)
{
	const struct who_row row = {
		.row = { .record = record, .lookup = &who->lookup },
		.subject = subject,
	};
	size_t nr = who->rows.nr;
	int rc = listing_rows_add(&who->rows, &row.row);

	if (who->rows.nr > nr && holder_is_certain(&record->holder))
		who->held = true;
	return rc;
}

static int print_holders(struct who *who, struct subject *subject)
{
	const struct record_list *holders = lookup_holders(&who->lookup);
	size_t i;
	int rc = 0;

	for (i = 0; i < holders->nr && !rc; i++) {
		if (!subject_is_held(subject, &who->lookup, &holders->items[i].holder))
			continue;
		subject->exists = true;
		if (is_wanted(who, &holders->items[i].holder))
			rc = print_holder(who, subject, &holders->items[i]);
	}
	return rc;
}

static int print_all(struct who *who)
{
	size_t i;
	int rc = listing_rows_begin(&who->rows, record_types[RECORD_HOLDER].listing);

	for (i = 0; i < who->nr_subjects && !rc; i++)
		rc = print_holders(who, &who->subjects[i]);
	return listing_rows_end(&who->rows, rc);
}

/* LIMITS OF KNOWLEDGE */

static bool holds_any(struct who *who, const struct holder_record *holder)
{
	size_t i;

	for (i = 0; i < who->nr_subjects; i++)
		if (subject_is_held(&who->subjects[i], &who->lookup, holder))
			return true;
	return false;
}

static bool may_hold_any(const struct who *who, const struct holder_record *holder)
{
	size_t i;

	for (i = 0; i < who->nr_subjects; i++)
		if (subject_may_be_held(&who->subjects[i], holder))
			return true;
	return false;
}

/* May the record be a holder that the exit status does not count as one? */
static bool is_possible(struct who *who, const struct holder_record *holder)
{
	if (!may_be_wanted(who, holder))
		return false;
	if (may_hold_any(who, holder))
		return true;
	return holds_any(who, holder) && !(is_wanted(who, holder) && holder_is_certain(holder));
}

static bool is_named(const struct who *who, const struct device_record *device)
{
	size_t i;

	for (i = 0; i < who->nr_subjects; i++)
		if (vfio_files_have(&who->subjects[i].files, device->device))
			return true;
	return false;
}

static int find_unknown(struct who *who)
{
	const struct record_list *holders = lookup_holders(&who->lookup);
	const struct record_list *devices = lookup_devices(&who->lookup);
	const struct device_record *device;
	size_t i;

	for (i = 0; i < holders->nr; i++)
		if (is_possible(who, &holders->items[i].holder))
			findings_add_holder(&who->findings, &holders->items[i]);
	for (i = 0; i < devices->nr; i++) {
		device = &devices->items[i].device;
		/* Unknown holders that were counted have a line of their own. */
		if (!known(device, DEVICE, UNKNOWN) && device_is_unknown(device) &&
		    is_named(who, device))
			findings_add_device(&who->findings, &devices->items[i]);
	}
	return findings_add_vfio(&who->findings, who->channel);
}

static void report_unknown(const struct who *who)
{
	const struct finding *finding;
	size_t i;

	for (i = 0; i < who->findings.nr; i++) {
		finding = &who->findings.items[i];
		warnx("%s", finding->text);
		if (finding->advice)
			warnx("  %s", finding->advice);
	}
}

static const char *why_missing(const struct subject *subject)
{
	if (subject->by == SUBJECT_KIND)
		return "this host has no such device file";
	/* Nothing but sysfs knows a vfioN. */
	if (!subject->files.nr)
		return "no VFIO device has this name; one that is being unbound is found by its PCI "
		       "address";
	return "there is no such device or group";
}

static void report_missing(struct who *who)
{
	const struct subject *subject;
	size_t i;

	for (i = 0; i < who->nr_subjects; i++) {
		subject = &who->subjects[i];
		if (subject->exists)
			continue;
		warnx("%s: %s", subject->text, why_missing(subject));
		who->missing = true;
	}
}

/* THE COMMAND */

/* Find all names, even if one of them names nothing. */
static int find_subjects(struct who *who)
{
	size_t i;
	int rc;

	who->subjects = calloc(who->nr_names, sizeof(*who->subjects));
	if (!who->subjects)
		err(EXIT_OTHER, "names");
	for (i = 0; i < who->nr_names; i++) {
		rc = subject_find(&who->subjects[who->nr_subjects], who->channel, who->names[i]);
		if (rc == EXIT_OTHER)
			who->missing = true;
		else if (rc)
			return rc;
		else
			who->nr_subjects++;
	}
	if (!who->options.context)
		return 0;
	return context_find(who->channel, who->options.context, &who->context);
}

static bool has_unknown(struct who *who)
{
	const struct record_list *holders = lookup_holders(&who->lookup);
	const struct holder_record *holder;
	size_t i;

	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if (holder_is_unknown(holder) &&
		    (holds_any(who, holder) || may_hold_any(who, holder)))
			return true;
	}
	return false;
}

/* List again before an unknown holder is shown. */
static int collect(struct who *who)
{
	struct lookup *lookup = &who->lookup;
	const struct channel_part parts[] = {
		{ RECORD_HOLDER, &lookup->holders },
		{ RECORD_DEVICE, &lookup->devices },
		{ RECORD_CONTEXT, &lookup->contexts },
	};

	int looks = 0;
	int rc;

	lookup->has_holders = lookup->has_devices = lookup->has_contexts = true;
	do {
		rc = channel_collect_parts(who->channel, 0, parts,
					   sizeof(parts) / sizeof(parts[0]));
	} while (!rc && has_unknown(who) && unknown_look_again(&looks));
	return rc;
}

static int conclude(struct who *who)
{
	report_missing(who);
	report_unknown(who);
	if (who->missing)
		return EXIT_OTHER;
	if (who->held)
		return EXIT_DONE;
	return who->findings.nr ? EXIT_BUSY : EXIT_OTHER;
}

static int look(struct channel *channel, void *data)
{
	struct who *who = data;
	int rc;

	who->channel = channel;
	who->lookup.channel = channel;
	rc = find_subjects(who) ?: collect(who) ?: print_all(who);
	if (rc)
		return rc < 0 ? channel_failed(channel, RECORD_HOLDER, rc) : rc;
	return find_unknown(who) ?: conclude(who);
}

static void free_who(struct who *who)
{
	while (who->nr_subjects)
		subject_free(&who->subjects[--who->nr_subjects]);
	free(who->subjects);
	free(who->names);
	findings_free(&who->findings);
	listing_rows_free(&who->rows);
	lookup_free(&who->lookup);
}

int who_main(int argc, char **argv, const struct channel_choice *channel)
{
	struct who who = { .options.channel = *channel };
	int rc;

	parse_command(&who_argp, argc, argv, &who);
	if (who.options.output.list_columns)
		rc = output_list_columns(&set, &who.options.output);
	else
		rc = listing_rows_choose(&who.rows, &who.options, &set, DEFAULTS) ?:
			     channel_run(&who.options.channel, look, &who);
	free_who(&who);
	return rc;
}

// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl tree: print contexts with everything in them */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "exit_status.h"
#include "host/user.h"
#include "listing.h"
#include "query/children.h"
#include "query/context.h"
#include "query/holding.h"
#include "query/owner_areas.h"

/* A node is a record, or the total of an owner's areas. */
struct node {
	struct row row;
	enum record_kind kind;
	const struct owner_areas *owned;
};

static const struct node *node_of(const struct row *row)
{
	return (const struct node *)row;
}

/* COLUMNS */

static const char *owner_text(const struct area_record *area, char *text, size_t size)
{
	/* Name the owner as --from does. */
	if (known(area, AREA, PID) && area->state != DMAOWN_STATE_DEAD)
		snprintf(text, size, "owner %" PRIu32, area->pid);
	else
		snprintf(text, size, "owner 0x%" PRIx64, area->owner);
	return text;
}

static void render_node(const struct row *row, struct value *value)
{
	const union record *record = row->record;
	char text[64];

	switch (node_of(row)->kind) {
	case RECORD_CONTEXT:
		snprintf(text, sizeof(text), "0x%" PRIx64, record->context.context);
		break;
	case RECORD_IOAS:
		snprintf(text, sizeof(text), "ioas %" PRIu32, record->ioas.ioas);
		break;
	case RECORD_HWPT:
		snprintf(text, sizeof(text), "hwpt %" PRIu32 "%s", record->hwpt.hwpt,
			 record->hwpt.type == DMAOWN_HWPT_NESTED ? " nested" : "");
		break;
	case RECORD_DEVICE:
		snprintf(text, sizeof(text), "%.63s", record->device.device);
		break;
	case RECORD_ACCESS:
		snprintf(text, sizeof(text), "access %" PRIu32, record->access.id);
		break;
	default:
		owner_text(&node_of(row)->owned->area, text, sizeof(text));
	}
	value_give_text(value, strdup(text));
}

static void render_type(const struct row *row, struct value *value)
{
	value_set_text(value,
		       node_of(row)->owned ? "owner" : record_types[node_of(row)->kind].name);
}

/* Set the value from a field by its name, if this kind of record has one. */
static void set_named(const struct row *row, const char *name, struct value *value)
{
	const struct field *field = record_field_named(node_of(row)->kind, name, strlen(name));

	if (field)
		value_set_field(value, field, row->record);
}

static void render_context(const struct row *row, struct value *value)
{
	set_named(row, "context", value);
}

static void render_ioas(const struct row *row, struct value *value)
{
	set_named(row, "ioas", value);
}

static void render_areas(const struct row *row, struct value *value)
{
	if (node_of(row)->owned)
		value_set_number(value, VALUE_NUMBER, node_of(row)->owned->areas);
	else
		set_named(row, "areas", value);
}

static void render_mapped(const struct row *row, struct value *value)
{
	if (node_of(row)->owned)
		value_set_number(value, VALUE_SIZE, node_of(row)->owned->mapped);
	else
		set_named(row, "mapped", value);
}

static void render_pinned(const struct row *row, struct value *value)
{
	if (node_of(row)->owned)
		value_set_number(value, VALUE_SIZE, node_of(row)->owned->pinned);
	else
		set_named(row, "pinned", value);
}

/* Show the kind of contexts only: all nodes below have the same one. */
static void render_kind(const struct row *row, struct value *value)
{
	if (node_of(row)->kind == RECORD_CONTEXT && !node_of(row)->owned)
		set_named(row, "kind", value);
}

static void render_mode(const struct row *row, struct value *value)
{
	set_named(row, "mode", value);
}

static bool is_busy(const struct node *node)
{
	switch (node->kind) {
	case RECORD_CONTEXT:
		return node->row.record->context.busy;
	case RECORD_IOAS:
		return node->row.record->ioas.busy;
	default:
		return false;
	}
}

static void render_state(const struct row *row, struct value *value)
{
	if (is_busy(node_of(row))) {
		value_set_text(value, "busy");
		value->colour = COLOUR_WARN;
		return;
	}
	set_named(row, "state", value);
}

static void render_pid(const struct row *row, struct value *value)
{
	set_named(row, "pid", value);
}

static void render_owner(const struct row *row, struct value *value)
{
	set_named(row, "owner", value);
}

static void render_user(const struct row *row, struct value *value)
{
	const struct owner_areas *owned = node_of(row)->owned;

	if (owned && known(&owned->area, AREA, UID))
		value_give_text(value, user_name(owned->area.uid));
}

static bool has_process(const struct owner_areas *owned)
{
	return owned && known(&owned->area, AREA, PID) && owned->area.state != DMAOWN_STATE_DEAD;
}

/* The record of an area has no command name. Find it in the holders: most owners are holders. */
static void render_command(const struct row *row, struct value *value)
{
	const struct owner_areas *owned = node_of(row)->owned;
	struct holding_process process;
	const char *command;

	if (!has_process(owned))
		return;
	process = (struct holding_process){ owned->area.pid, owned->area.start };
	command = lookup_command(row->lookup, process);
	if (command)
		value_set_text(value, command);
}

static void render_unit(const struct row *row, struct value *value)
{
	const char *unit = NULL;

	if (has_process(node_of(row)->owned))
		unit = lookup_unit(row->lookup, node_of(row)->owned->area.pid);
	if (unit)
		value_give_text(value, strdup(unit));
}

static const struct column columns[] = {
	MADE_COLUMN("NODE", VALUE_TEXT, render_node, 0, SCOLS_FL_TREE,
		    "context, IOAS, HWPT, device, access, or owner of areas"),
	MADE_COLUMN("KIND", VALUE_TEXT, render_kind, 0, 0, "kind of a context"),
	MADE_COLUMN("AREAS", VALUE_NUMBER, render_areas, 0, 0, "areas"),
	MADE_COLUMN("MAPPED", VALUE_SIZE, render_mapped, 0, 0, "IOVA space covered by areas"),
	MADE_COLUMN("PINNED", VALUE_SIZE, render_pinned, 0, 0,
		    "memory pinned, counting a shared pages object once"),
	MADE_COLUMN("MODE", VALUE_TEXT, render_mode, 0, 0,
		    "accounting mode; of a context: that of areas mapped from now on "
		    "without CAP_IPC_LOCK"),
	MADE_COLUMN("STATE", VALUE_TEXT, render_state, 0, 0,
		    "state of an owner; busy: the context or IOAS is locked, and "
		    "its contents are unknown"),
	MADE_COLUMN("COMMAND", VALUE_TEXT, render_command, 8, SCOLS_FL_TRUNC,
		    "command name of an owner that holds a context"),
	MADE_COLUMN("UNIT", VALUE_TEXT, render_unit, 0.3, SCOLS_FL_TRUNC,
		    "systemd unit, or cgroup, of an owner"),
	MADE_COLUMN("TYPE", VALUE_TEXT, render_type, 0, 0, "type of the node"),
	MADE_COLUMN("CONTEXT", VALUE_HEX, render_context, 0, 0, "ID of the context"),
	MADE_COLUMN("IOAS", VALUE_NUMBER, render_ioas, 0, 0, "object ID of the IOAS"),
	MADE_COLUMN("PID", VALUE_NUMBER, render_pid, 0, 0, "PID of an owner"),
	MADE_COLUMN("OWNER", VALUE_HEX, render_owner, 0, 0, "owner ID"),
	MADE_COLUMN("USER", VALUE_TEXT, render_user, 0, 0, "user who is charged"),
};

static const struct column_set set = { RECORD_CONTEXT, columns,
				       sizeof(columns) / sizeof(columns[0]) };

#define DEFAULTS "NODE,KIND,AREAS,MAPPED,PINNED,MODE,STATE,COMMAND,UNIT"

/* RECORDS */

struct tree {
	struct listing_options options;
	struct channel *channel;
	struct lookup lookup;
	uint64_t context;	  /* 0: all */
	struct number_set wanted; /* if --pid is given: contexts */
	struct record_list contexts, ioases, hwpts, accesses;
	struct owner_areas_list owner_areas;
	struct children hwpts_in, accesses_in, owners_in; /* by IOAS */
	struct children devices_on;			  /* by HWPT, or NO_HWPT */
	struct output output;
	struct json json;
};

/* The parent of a device that is bound, and not attached to any HWPT in the lists. */
#define NO_HWPT UINT64_MAX

static int add_by_ioas(struct tree *tree)
{
	const struct owner_areas *owned;
	const struct access_record *access;
	const struct hwpt_record *hwpt;
	size_t i;
	int rc = 0;

	for (i = 0; i < tree->hwpts.nr && !rc; i++) {
		hwpt = &tree->hwpts.items[i].hwpt;
		rc = children_add(&tree->hwpts_in, hwpt->context, hwpt->ioas, hwpt);
	}
	for (i = 0; i < tree->accesses.nr && !rc; i++) {
		access = &tree->accesses.items[i].access;
		rc = children_add(&tree->accesses_in, access->context, access->ioas, access);
	}
	for (i = 0; i < tree->owner_areas.nr && !rc; i++) {
		owned = &tree->owner_areas.items[i];
		rc = children_add(&tree->owners_in, owned->area.context, owned->area.ioas, owned);
	}
	return rc;
}

/* @hwpts: all HWPTs by their own IDs */
static int add_devices(struct tree *tree, struct children *hwpts)
{
	const struct record_list *devices = lookup_devices(&tree->lookup);
	const struct device_record *device;
	const struct hwpt_record *hwpt;
	uint64_t parent;
	size_t i, nr;
	int rc = 0;

	for (i = 0; i < tree->hwpts.nr && !rc; i++) {
		hwpt = &tree->hwpts.items[i].hwpt;
		rc = children_add(hwpts, hwpt->context, hwpt->hwpt, hwpt);
	}
	children_sort(hwpts);
	for (i = 0; i < devices->nr && !rc; i++) {
		device = &devices->items[i].device;
		parent = NO_HWPT;
		children_of(hwpts, device->context, device->hwpt, &nr);
		if (known(device, DEVICE, HWPT) && nr)
			parent = device->hwpt;
		rc = children_add(&tree->devices_on, device->context, parent, device);
	}
	return rc;
}

static int sort(struct tree *tree)
{
	struct children hwpts = { 0 };
	int rc = add_by_ioas(tree) ?: add_devices(tree, &hwpts);

	children_free(&hwpts);
	children_sort(&tree->hwpts_in);
	children_sort(&tree->accesses_in);
	children_sort(&tree->owners_in);
	children_sort(&tree->devices_on);
	return rc;
}

/* List objects before the objects in them. An object without a parent in the lists is left out. */
static int collect(struct tree *tree)
{
	const struct channel_part parts[] = {
		{ RECORD_CONTEXT, &tree->contexts },
		{ RECORD_IOAS, &tree->ioases },
		{ RECORD_HWPT, &tree->hwpts },
		{ RECORD_ACCESS, &tree->accesses },
	};
	int rc = channel_collect_parts(tree->channel, tree->context, parts,
				       sizeof(parts) / sizeof(parts[0]));

	if (rc)
		return rc;
	rc = owner_areas_collect(tree->channel, tree->context, &tree->owner_areas);
	if (!rc)
		rc = sort(tree);
	return rc ? channel_failed(tree->channel, RECORD_AREA, rc) : 0;
}

static bool wanted(const struct tree *tree, const struct context_record *context)
{
	return !tree->options.pid || number_set_has(&tree->wanted, context->context);
}

/* AS A TABLE */

static int put(struct tree *tree, enum record_kind kind, const union record *record,
	       struct libscols_line *parent, struct libscols_line **line)
{
	struct node node = { { record, &tree->lookup }, kind, NULL };
	struct libscols_line *unused;

	return output_branch(&tree->output, &node.row, parent, line ?: &unused);
}

static int put_owned(struct tree *tree, const struct owner_areas *owned,
		     struct libscols_line *parent)
{
	union record record = { .area = owned->area };
	struct node node = { { &record, &tree->lookup }, RECORD_AREA, owned };
	struct libscols_line *line;

	return output_branch(&tree->output, &node.row, parent, &line);
}

static int put_devices(struct tree *tree, uint64_t context, uint64_t hwpt,
		       struct libscols_line *parent)
{
	size_t i, nr;
	const struct child *devices = children_of(&tree->devices_on, context, hwpt, &nr);
	int rc = 0;

	for (i = 0; i < nr && !rc; i++)
		rc = put(tree, RECORD_DEVICE, devices[i].object, parent, NULL);
	return rc;
}

static int put_hwpt(struct tree *tree, const union record *record, struct libscols_line *parent)
{
	const struct hwpt_record *hwpt = &record->hwpt;
	struct libscols_line *line;
	int rc = put(tree, RECORD_HWPT, record, parent, &line);

	return rc ?: put_devices(tree, hwpt->context, hwpt->hwpt, line);
}

static int put_ioas(struct tree *tree, const union record *record, struct libscols_line *parent)
{
	const struct ioas_record *ioas = &record->ioas;
	const struct child *items;
	struct libscols_line *line;
	int rc = put(tree, RECORD_IOAS, record, parent, &line);
	size_t i, nr;

	items = children_of(&tree->hwpts_in, ioas->context, ioas->ioas, &nr);
	for (i = 0; i < nr && !rc; i++)
		rc = put_hwpt(tree, items[i].object, line);
	items = children_of(&tree->accesses_in, ioas->context, ioas->ioas, &nr);
	for (i = 0; i < nr && !rc; i++)
		rc = put(tree, RECORD_ACCESS, items[i].object, line, NULL);
	items = children_of(&tree->owners_in, ioas->context, ioas->ioas, &nr);
	for (i = 0; i < nr && !rc; i++)
		rc = put_owned(tree, items[i].object, line);
	return rc;
}

static int put_context(struct tree *tree, const union record *record)
{
	uint64_t id = record->context.context;
	const struct record_range ioases = record_list_range(&tree->ioases, id);
	struct libscols_line *line;
	int rc = put(tree, RECORD_CONTEXT, record, NULL, &line);
	size_t i;

	for (i = 0; i < ioases.nr && !rc; i++)
		rc = put_ioas(tree, record_range_at(&ioases, i), line);
	return rc ?: put_devices(tree, id, NO_HWPT, line);
}

static int print_table(struct tree *tree)
{
	int rc = output_begin(&tree->output, record_types[RECORD_CONTEXT].listing);
	size_t i;

	for (i = 0; i < tree->contexts.nr && !rc; i++)
		if (wanted(tree, &tree->contexts.items[i].context))
			rc = put_context(tree, &tree->contexts.items[i]);
	return output_end(&tree->output, !rc) ?: rc;
}

/* AS JSON */

/* Fields to leave out: numbers of objects that are nested here, and the ID of the context. */
static const char *const nested[] = { "holders",  "ioases", "hwpts",   "devices",
				      "accesses", "owners", "context", NULL };

static void open_object(struct tree *tree, enum record_kind kind, const union record *record)
{
	json_open(&tree->json, NULL, '{');
	value_record_to_json(&tree->json, kind, record, nested);
}

static void object_to_json(struct tree *tree, enum record_kind kind, const union record *record)
{
	open_object(tree, kind, record);
	json_close(&tree->json, '}');
}

static void devices_to_json(struct tree *tree, uint64_t context, uint64_t hwpt)
{
	size_t i, nr;
	const struct child *devices = children_of(&tree->devices_on, context, hwpt, &nr);

	json_open(&tree->json, "devices", '[');
	for (i = 0; i < nr; i++)
		object_to_json(tree, RECORD_DEVICE, devices[i].object);
	json_close(&tree->json, ']');
}

static void hwpt_to_json(struct tree *tree, const union record *record)
{
	open_object(tree, RECORD_HWPT, record);
	devices_to_json(tree, record->hwpt.context, record->hwpt.hwpt);
	json_close(&tree->json, '}');
}

/* Write the columns of an owner. */
static void owned_to_json(struct tree *tree, const struct owner_areas *owned)
{
	static const char *const names[] = { "OWNER", "PID",   "COMMAND", "USER",   "UNIT", "STATE",
					     "MODE",  "AREAS", "MAPPED",  "PINNED", NULL };
	union record record = { .area = owned->area };
	struct node node = { { &record, &tree->lookup }, RECORD_AREA, owned };
	char key[COLUMN_KEY];
	size_t i, n;

	json_open(&tree->json, NULL, '{');
	for (n = 0; names[n]; n++) {
		for (i = 0; i < set.nr; i++) {
			struct value value = { 0 };

			if (strcmp(columns[i].name, names[n]))
				continue;
			column_render(&set, &columns[i], &node.row, &value);
			value_to_json(&value, &tree->json, column_key(&columns[i], key));
			value_clear(&value);
		}
	}
	json_close(&tree->json, '}');
}

static void ioas_to_json(struct tree *tree, const union record *record)
{
	const struct ioas_record *ioas = &record->ioas;
	const struct child *items;
	size_t i, nr;

	open_object(tree, RECORD_IOAS, record);
	json_open(&tree->json, "hwpts", '[');
	items = children_of(&tree->hwpts_in, ioas->context, ioas->ioas, &nr);
	for (i = 0; i < nr; i++)
		hwpt_to_json(tree, items[i].object);
	json_close(&tree->json, ']');
	json_open(&tree->json, "accesses", '[');
	items = children_of(&tree->accesses_in, ioas->context, ioas->ioas, &nr);
	for (i = 0; i < nr; i++)
		object_to_json(tree, RECORD_ACCESS, items[i].object);
	json_close(&tree->json, ']');
	json_open(&tree->json, "owners", '[');
	items = children_of(&tree->owners_in, ioas->context, ioas->ioas, &nr);
	for (i = 0; i < nr; i++)
		owned_to_json(tree, items[i].object);
	json_close(&tree->json, ']');
	json_close(&tree->json, '}');
}

static void context_to_json(struct tree *tree, const union record *record)
{
	uint64_t id = record->context.context;
	const struct record_range holders = record_list_range(lookup_holders(&tree->lookup), id);
	const struct record_range ioases = record_list_range(&tree->ioases, id);
	size_t i;

	json_open(&tree->json, NULL, '{');
	json_hex(&tree->json, "id", id);
	value_record_to_json(&tree->json, RECORD_CONTEXT, record, nested);
	json_open(&tree->json, "holders", '[');
	for (i = 0; i < holders.nr; i++)
		object_to_json(tree, RECORD_HOLDER, record_range_at(&holders, i));
	json_close(&tree->json, ']');
	json_open(&tree->json, "ioases", '[');
	for (i = 0; i < ioases.nr; i++)
		ioas_to_json(tree, record_range_at(&ioases, i));
	json_close(&tree->json, ']');
	devices_to_json(tree, id, NO_HWPT);
	json_close(&tree->json, '}');
}

static void print_json(struct tree *tree)
{
	size_t i;

	tree->json = (struct json){ .out = stdout };
	json_open(&tree->json, NULL, '{');
	json_open(&tree->json, record_types[RECORD_CONTEXT].listing, '[');
	for (i = 0; i < tree->contexts.nr; i++)
		if (wanted(tree, &tree->contexts.items[i].context))
			context_to_json(tree, &tree->contexts.items[i]);
	json_close(&tree->json, ']');
	json_close(&tree->json, '}');
}

/* THE COMMAND */

static int find_scope(struct tree *tree)
{
	int rc;

	if (tree->options.context) {
		rc = context_find(tree->channel, tree->options.context, &tree->context);
		if (rc)
			return rc;
	}
	if (!tree->options.pid)
		return 0;
	rc = lookup_contexts_of(&tree->lookup, tree->options.pid, &tree->wanted);
	return rc ? channel_failed(tree->channel, RECORD_AREA, rc) : 0;
}

static int show(struct channel *channel, void *data)
{
	struct tree *tree = data;
	int rc;

	tree->channel = channel;
	tree->lookup.channel = channel;
	rc = find_scope(tree) ?: collect(tree);
	if (rc)
		return rc;
	if (tree->options.output.json)
		print_json(tree);
	else
		rc = print_table(tree);
	if (rc)
		return output_failed(rc);
	if (tree->owner_areas.busy)
		warnx("%" PRIu32
		      " object%s marked busy: locked by another thread and missing from the "
		      "totals; try again",
		      tree->owner_areas.busy, tree->owner_areas.busy > 1 ? "s are" : " is");
	listing_warn_unclear(&tree->lookup);
	return EXIT_DONE;
}

static void free_tree(struct tree *tree)
{
	number_set_free(&tree->wanted);
	record_list_free(&tree->contexts);
	record_list_free(&tree->ioases);
	record_list_free(&tree->hwpts);
	record_list_free(&tree->accesses);
	owner_areas_free(&tree->owner_areas);
	children_free(&tree->hwpts_in);
	children_free(&tree->accesses_in);
	children_free(&tree->owners_in);
	children_free(&tree->devices_on);
	lookup_free(&tree->lookup);
}

/* Return: the options of listings with --filter hidden, because a tree refuses it. */
static const struct argp_option *hide_filter(const struct argp_option *options)
{
	static struct argp_option hidden[16];
	size_t i;

	for (i = 0; options[i].name; i++) {
		if (i + 1 == sizeof(hidden) / sizeof(hidden[0]))
			return options;
		hidden[i] = options[i];
		if (options[i].key == 'Q')
			hidden[i].flags |= OPTION_HIDDEN;
	}
	return hidden;
}

int tree_main(int argc, char **argv, const struct channel_choice *channel)
{
	struct tree tree = { .options = { .channel = *channel, .context_argument = true } };
	struct argp argp = listing_argp;
	int rc;

	argp.options = hide_filter(listing_argp.options);
	argp.args_doc = "[CONTEXT]";
	argp.doc =
		"Show contexts with their IOASes, the HWPTs and devices on them, accesses, and areas "
		"summed by owner.\vWith --json: all of this as nested objects.";
	parse_command(&argp, argc, argv, &tree.options);
	if (tree.options.output.list_columns)
		return output_list_columns(&set, &tree.options.output);
	tree.output.options = &tree.options.output;
	tree.output.set = &set;
	rc = output_choose(&tree.output, DEFAULTS);
	if (rc)
		return rc;
	rc = channel_run(&tree.options.channel, show, &tree);
	free_tree(&tree);
	return rc;
}

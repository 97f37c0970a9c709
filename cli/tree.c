// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl tree */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "context.h"
#include "exits.h"
#include "listing.h"
#include "process.h"
#include "shares.h"

/* A node is a record, or for an owner the sum of its areas. */
struct node {
	struct row row;
	enum record_kind kind;
	const struct share *share;
};

static const struct node *node_of(const struct row *row)
{
	return (const struct node *)row;
}

/* COLUMNS */

static const char *owner_text(const struct area_record *area, char *text, size_t size)
{
	/* By what --from takes. */
	if (known(area, AREA, PID) && area->state != DMAOWN_STATE_DEAD)
		snprintf(text, size, "owner %" PRIu32, area->pid);
	else
		snprintf(text, size, "owner 0x%" PRIx64, area->owner);
	return text;
}

static void render_node(const struct row *row, struct cell *cell)
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
		owner_text(&node_of(row)->share->area, text, sizeof(text));
	}
	cell_give_text(cell, strdup(text));
}

static void render_type(const struct row *row, struct cell *cell)
{
	cell_set_text(cell, node_of(row)->share ? "owner" : record_types[node_of(row)->kind].name);
}

/* A field that not every kind of record has. */
static void set_named(const struct row *row, const char *name, struct cell *cell)
{
	const struct field *field = record_field_named(node_of(row)->kind, name, strlen(name));

	if (field)
		cell_set_field(cell, field, row->record);
}

static void render_context(const struct row *row, struct cell *cell)
{
	set_named(row, "context", cell);
}

static void render_ioas(const struct row *row, struct cell *cell)
{
	set_named(row, "ioas", cell);
}

static void render_areas(const struct row *row, struct cell *cell)
{
	if (node_of(row)->share)
		cell_set_number(cell, CELL_NUMBER, node_of(row)->share->areas);
	else
		set_named(row, "areas", cell);
}

static void render_mapped(const struct row *row, struct cell *cell)
{
	if (node_of(row)->share)
		cell_set_number(cell, CELL_SIZE, node_of(row)->share->mapped);
	else
		set_named(row, "mapped", cell);
}

static void render_pinned(const struct row *row, struct cell *cell)
{
	if (node_of(row)->share)
		cell_set_number(cell, CELL_SIZE, node_of(row)->share->pinned);
	else
		set_named(row, "pinned", cell);
}

/* Of the context: all that hangs in it is of the same. */
static void render_kind(const struct row *row, struct cell *cell)
{
	if (node_of(row)->kind == RECORD_CONTEXT && !node_of(row)->share)
		set_named(row, "kind", cell);
}

static void render_mode(const struct row *row, struct cell *cell)
{
	set_named(row, "mode", cell);
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

static void render_state(const struct row *row, struct cell *cell)
{
	if (is_busy(node_of(row))) {
		cell_set_text(cell, "busy");
		cell->colour = COLOUR_WARN;
		return;
	}
	set_named(row, "state", cell);
}

static void render_pid(const struct row *row, struct cell *cell)
{
	set_named(row, "pid", cell);
}

static void render_owner(const struct row *row, struct cell *cell)
{
	set_named(row, "owner", cell);
}

static void render_user(const struct row *row, struct cell *cell)
{
	const struct share *share = node_of(row)->share;

	if (share && known(&share->area, AREA, UID))
		cell_give_text(cell, user_name(share->area.uid));
}

static bool has_process(const struct share *share)
{
	return share && known(&share->area, AREA, PID) && share->area.state != DMAOWN_STATE_DEAD;
}

/* An area's record has no name; who owns it mostly holds the context too. */
static void render_command(const struct row *row, struct cell *cell)
{
	const struct record_list *holders = census_holders(row->census);
	const struct share *share = node_of(row)->share;
	const struct holder_record *holder;
	size_t i;

	for (i = 0; i < holders->nr && has_process(share); i++) {
		holder = &holders->items[i].holder;
		if (known(holder, HOLDER, PID) && holder->pid == share->area.pid &&
		    holder->start == share->area.start && known(holder, HOLDER, COMM)) {
			cell_set_text(cell, holder->comm);
			return;
		}
	}
}

static void render_unit(const struct row *row, struct cell *cell)
{
	const char *unit = NULL;

	if (has_process(node_of(row)->share))
		unit = census_unit(row->census, node_of(row)->share->area.pid);
	if (unit)
		cell_give_text(cell, strdup(unit));
}

static const struct column columns[] = {
	MADE_COLUMN("NODE", CELL_TEXT, render_node, 0, SCOLS_FL_TREE,
		    "context, IOAS, HWPT, device, access, or owner of areas"),
	MADE_COLUMN("KIND", CELL_TEXT, render_kind, 0, 0, "kind of a context"),
	MADE_COLUMN("AREAS", CELL_NUMBER, render_areas, 0, 0, "areas"),
	MADE_COLUMN("MAPPED", CELL_SIZE, render_mapped, 0, 0, "IOVA space covered by areas"),
	MADE_COLUMN("PINNED", CELL_SIZE, render_pinned, 0, 0,
		    "memory pinned, each pages object counted once"),
	MADE_COLUMN("MODE", CELL_TEXT, render_mode, 0, 0,
		    "accounting mode; of a context, that of areas to come"),
	MADE_COLUMN("STATE", CELL_TEXT, render_state, 0, 0,
		    "state of an owner; or busy: it was locked, and what is in it is unknown"),
	MADE_COLUMN("COMMAND", CELL_TEXT, render_command, 8, SCOLS_FL_TRUNC,
		    "command name of an owner that holds a context"),
	MADE_COLUMN("UNIT", CELL_TEXT, render_unit, 0.3, SCOLS_FL_TRUNC,
		    "systemd unit, or cgroup, of an owner"),
	MADE_COLUMN("TYPE", CELL_TEXT, render_type, 0, 0, "what the line is about"),
	MADE_COLUMN("CONTEXT", CELL_HEX, render_context, 10, SCOLS_FL_TRUNC, "ID of the context"),
	MADE_COLUMN("IOAS", CELL_NUMBER, render_ioas, 0, 0, "object ID of the IOAS"),
	MADE_COLUMN("PID", CELL_NUMBER, render_pid, 0, 0, "process of an owner"),
	MADE_COLUMN("OWNER", CELL_HEX, render_owner, 10, SCOLS_FL_TRUNC, "owner ID"),
	MADE_COLUMN("USER", CELL_TEXT, render_user, 0, 0, "user who is charged"),
};

static const struct column_set set = {
	RECORD_CONTEXT, columns, sizeof(columns) / sizeof(columns[0])
};

#define DEFAULTS	"NODE,KIND,AREAS,MAPPED,PINNED,MODE,STATE,COMMAND,UNIT"

/* WHAT THERE IS */

struct tree {
	struct listing_options options;
	struct channel channel;
	struct census census;
	uint64_t context;		/* 0: all */
	struct record_list wanted;	/* with --pid: contexts */
	struct record_list contexts, ioases, hwpts, accesses;
	struct share_list shares;
	struct output output;
	struct json json;
};

/* Objects before what is in them: what comes meanwhile has nowhere to stand, and is left out. */
static int collect(struct tree *tree)
{
	struct { enum record_kind kind; struct record_list *list; } parts[] = {
		{ RECORD_CONTEXT, &tree->contexts },
		{ RECORD_IOAS, &tree->ioases },
		{ RECORD_HWPT, &tree->hwpts },
		{ RECORD_ACCESS, &tree->accesses },
	};
	size_t i;
	int rc;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		rc = channel_collect(&tree->channel, parts[i].kind, tree->context, parts[i].list);
		if (rc)
			return channel_failed(&tree->channel, parts[i].kind, rc);
	}
	rc = shares_collect(&tree->channel, tree->context, &tree->shares);
	return rc ? channel_failed(&tree->channel, RECORD_AREA, rc) : 0;
}

static bool wanted(const struct tree *tree, const struct context_record *context)
{
	return !tree->options.pid || census_has_context(&tree->wanted, context->context);
}

static bool in_ioas(const struct ioas_record *ioas, uint64_t context, uint32_t id)
{
	return ioas->context == context && ioas->ioas == id;
}

static bool on_hwpt(const struct device_record *device, const struct hwpt_record *hwpt)
{
	return device->context == hwpt->context && known(device, DEVICE, HWPT) &&
	       device->hwpt == hwpt->hwpt;
}

static bool is_attached(const struct tree *tree, const struct device_record *device)
{
	size_t i;

	for (i = 0; i < tree->hwpts.nr; i++)
		if (on_hwpt(device, &tree->hwpts.items[i].hwpt))
			return true;
	return false;
}

/* AS A TABLE */

static int put(struct tree *tree, enum record_kind kind, const union record *record,
	       struct libscols_line *parent, struct libscols_line **line)
{
	struct node node = { { record, &tree->census }, kind, NULL };
	struct libscols_line *unused;

	return output_branch(&tree->output, &node.row, parent, line ?: &unused);
}

static int put_share(struct tree *tree, const struct share *share, struct libscols_line *parent)
{
	union record record = { .area = share->area };
	struct node node = { { &record, &tree->census }, RECORD_AREA, share };
	struct libscols_line *line;

	return output_branch(&tree->output, &node.row, parent, &line);
}

static int put_hwpt(struct tree *tree, const union record *hwpt, struct libscols_line *parent)
{
	const struct record_list *devices = census_devices(&tree->census);
	struct libscols_line *line;
	int rc = put(tree, RECORD_HWPT, hwpt, parent, &line);
	size_t i;

	for (i = 0; i < devices->nr && !rc; i++)
		if (on_hwpt(&devices->items[i].device, &hwpt->hwpt))
			rc = put(tree, RECORD_DEVICE, &devices->items[i], line, NULL);
	return rc;
}

static int put_ioas(struct tree *tree, const union record *record, struct libscols_line *parent)
{
	const struct ioas_record *ioas = &record->ioas;
	const union record *item;
	struct libscols_line *line;
	int rc = put(tree, RECORD_IOAS, record, parent, &line);
	size_t i;

	for (i = 0; i < tree->hwpts.nr && !rc; i++) {
		item = &tree->hwpts.items[i];
		if (in_ioas(ioas, item->hwpt.context, item->hwpt.ioas))
			rc = put_hwpt(tree, item, line);
	}
	for (i = 0; i < tree->accesses.nr && !rc; i++) {
		item = &tree->accesses.items[i];
		if (in_ioas(ioas, item->access.context, item->access.ioas))
			rc = put(tree, RECORD_ACCESS, item, line, NULL);
	}
	for (i = 0; i < tree->shares.nr && !rc; i++)
		if (in_ioas(ioas, tree->shares.items[i].area.context,
			    tree->shares.items[i].area.ioas))
			rc = put_share(tree, &tree->shares.items[i], line);
	return rc;
}

static int put_context(struct tree *tree, const union record *record)
{
	const struct record_list *devices = census_devices(&tree->census);
	uint64_t id = record->context.context;
	struct libscols_line *line;
	int rc = put(tree, RECORD_CONTEXT, record, NULL, &line);
	size_t i;

	for (i = 0; i < tree->ioases.nr && !rc; i++)
		if (tree->ioases.items[i].ioas.context == id)
			rc = put_ioas(tree, &tree->ioases.items[i], line);
	for (i = 0; i < devices->nr && !rc; i++)
		if (devices->items[i].device.context == id &&
		    !is_attached(tree, &devices->items[i].device))
			rc = put(tree, RECORD_DEVICE, &devices->items[i], line, NULL);
	return rc;
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

/* Numbers in the records, but here the things themselves; and what the object around tells. */
static const char *const nested[] = {
	"holders", "ioases", "hwpts", "devices", "accesses", "owners", "context", NULL
};

static void open_object(struct tree *tree, enum record_kind kind, const union record *record)
{
	json_open(&tree->json, NULL, '{');
	cell_record_to_json(&tree->json, kind, record, nested);
}

static void object_to_json(struct tree *tree, enum record_kind kind, const union record *record)
{
	open_object(tree, kind, record);
	json_close(&tree->json, '}');
}

static void hwpt_to_json(struct tree *tree, const union record *record)
{
	const struct record_list *devices = census_devices(&tree->census);
	size_t i;

	open_object(tree, RECORD_HWPT, record);
	json_open(&tree->json, "devices", '[');
	for (i = 0; i < devices->nr; i++)
		if (on_hwpt(&devices->items[i].device, &record->hwpt))
			object_to_json(tree, RECORD_DEVICE, &devices->items[i]);
	json_close(&tree->json, ']');
	json_close(&tree->json, '}');
}

/* The columns that say something of an owner. */
static void share_to_json(struct tree *tree, const struct share *share)
{
	static const char *const names[] = {
		"OWNER", "PID", "COMMAND", "USER", "UNIT", "STATE", "MODE", "AREAS", "MAPPED",
		"PINNED", NULL
	};
	union record record = { .area = share->area };
	struct node node = { { &record, &tree->census }, RECORD_AREA, share };
	char key[COLUMN_KEY];
	size_t i, n;

	json_open(&tree->json, NULL, '{');
	for (n = 0; names[n]; n++) {
		for (i = 0; i < set.nr; i++) {
			struct cell cell = { 0 };

			if (strcmp(columns[i].name, names[n]))
				continue;
			column_render(&set, &columns[i], &node.row, &cell);
			cell_to_json(&cell, &tree->json, column_key(&columns[i], key));
			cell_clear(&cell);
		}
	}
	json_close(&tree->json, '}');
}

static void ioas_to_json(struct tree *tree, const union record *record)
{
	const struct ioas_record *ioas = &record->ioas;
	const union record *item;
	size_t i;

	open_object(tree, RECORD_IOAS, record);
	json_open(&tree->json, "hwpts", '[');
	for (i = 0; i < tree->hwpts.nr; i++) {
		item = &tree->hwpts.items[i];
		if (in_ioas(ioas, item->hwpt.context, item->hwpt.ioas))
			hwpt_to_json(tree, item);
	}
	json_close(&tree->json, ']');
	json_open(&tree->json, "accesses", '[');
	for (i = 0; i < tree->accesses.nr; i++) {
		item = &tree->accesses.items[i];
		if (in_ioas(ioas, item->access.context, item->access.ioas))
			object_to_json(tree, RECORD_ACCESS, item);
	}
	json_close(&tree->json, ']');
	json_open(&tree->json, "owners", '[');
	for (i = 0; i < tree->shares.nr; i++)
		if (in_ioas(ioas, tree->shares.items[i].area.context,
			    tree->shares.items[i].area.ioas))
			share_to_json(tree, &tree->shares.items[i]);
	json_close(&tree->json, ']');
	json_close(&tree->json, '}');
}

static void context_to_json(struct tree *tree, const union record *record)
{
	const struct record_list *holders = census_holders(&tree->census);
	const struct record_list *devices = census_devices(&tree->census);
	uint64_t id = record->context.context;
	size_t i;

	json_open(&tree->json, NULL, '{');
	json_hex(&tree->json, "id", id);
	cell_record_to_json(&tree->json, RECORD_CONTEXT, record, nested);
	json_open(&tree->json, "holders", '[');
	for (i = 0; i < holders->nr; i++)
		if (known(&holders->items[i].holder, HOLDER, CONTEXT) &&
		    holders->items[i].holder.context == id)
			object_to_json(tree, RECORD_HOLDER, &holders->items[i]);
	json_close(&tree->json, ']');
	json_open(&tree->json, "ioases", '[');
	for (i = 0; i < tree->ioases.nr; i++)
		if (tree->ioases.items[i].ioas.context == id)
			ioas_to_json(tree, &tree->ioases.items[i]);
	json_close(&tree->json, ']');
	/* Bound, and not attached to a HWPT. */
	json_open(&tree->json, "devices", '[');
	for (i = 0; i < devices->nr; i++)
		if (devices->items[i].device.context == id &&
		    !is_attached(tree, &devices->items[i].device))
			object_to_json(tree, RECORD_DEVICE, &devices->items[i]);
	json_close(&tree->json, ']');
	json_close(&tree->json, '}');
}

static int print_json(struct tree *tree)
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
	return ferror(stdout) || fflush(stdout) ? -EIO : 0;
}

/* THE COMMAND */

static int find_scope(struct tree *tree)
{
	int rc;

	if (tree->options.context) {
		rc = context_find(&tree->channel, tree->options.context, &tree->context);
		if (rc)
			return rc;
	}
	if (!tree->options.pid)
		return 0;
	rc = census_contexts_of(&tree->census, tree->options.pid, &tree->wanted);
	return rc ? channel_failed(&tree->channel, RECORD_AREA, rc) : 0;
}

static int show(struct tree *tree)
{
	int rc = find_scope(tree) ?: collect(tree);

	if (rc)
		return rc;
	rc = tree->options.output.json ? print_json(tree) : print_table(tree);
	if (rc) {
		warnx("cannot write: %s", strerror(-rc));
		return EXIT_OTHER;
	}
	if (tree->shares.busy)
		warnx("%" PRIu32 " of what is marked busy was locked by another thread, and is missing in "
		      "the sums; try again", tree->shares.busy);
	return EXIT_DONE;
}

static void free_tree(struct tree *tree)
{
	record_list_free(&tree->wanted);
	record_list_free(&tree->contexts);
	record_list_free(&tree->ioases);
	record_list_free(&tree->hwpts);
	record_list_free(&tree->accesses);
	shares_free(&tree->shares);
	census_free(&tree->census);
}

int tree_main(int argc, char **argv, const struct channel_choice *channel)
{
	struct tree tree = { .options = { .channel = *channel, .context_argument = true } };
	struct argp argp = listing_argp;
	int rc;

	argp.args_doc = "[CONTEXT]";
	argp.doc = "Show contexts with their IOASes, the HWPTs and devices on them, accesses, and areas "
		   "summed by owner.\vJSON nests all of it, whatever the columns.";
	parse_command(&argp, argc, argv, &tree.options);
	if (tree.options.output.list_columns)
		return output_list_columns(&set, &tree.options.output) ? EXIT_OTHER : EXIT_DONE;
	tree.output.options = &tree.options.output;
	tree.output.set = &set;
	rc = output_choose(&tree.output, DEFAULTS) ?:
	     channel_open(&tree.channel, &tree.options.channel);
	if (rc)
		return rc;
	tree.census.channel = &tree.channel;
	rc = show(&tree);
	free_tree(&tree);
	channel_close(&tree.channel);
	return rc;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/streams.h"
#include "host/user.h"
#include "output/output.h"
#include "preview_print.h"
#include "query/headroom.h"
#include "query/process.h"

/* A line of the table. */
struct move {
	struct row row;
	const struct process_ref *to;
	const struct transfer_result *result;
	const struct owner_areas *owned;
	struct owner_record account; /* limit and headroom after the transfer, if known */
};

static const struct move *move_of(const struct row *row)
{
	return (const struct move *)row;
}

/* ACCOUNT */

/* Return: the new owner's limit after the transfer. */
static uint64_t limit_afterwards(const struct transfer_result *result)
{
	if (result_raises_limit(result))
		return result->limit.to.rlim_cur;
	return result->answer.limit;
}

/* An answer without contexts has no limits: the module stopped before it looked at them. */
static bool has_limit(const struct move *move, uint64_t limit)
{
	const struct dmaown_transfer *answer = &move->result->answer;
	const struct area_record *area = &move->owned->area;

	return area->mode != DMAOWN_MODE_NONE && answer->contexts && limit != RLIM_INFINITY &&
	       !(answer->unlimited & 1U << area->kind);
}

static void set_account(struct move *move)
{
	const struct dmaown_transfer *answer = &move->result->answer;
	uint64_t limit = limit_afterwards(move->result);
	bool by_user = move->owned->area.mode == DMAOWN_MODE_USER;
	uint64_t used = by_user ? answer->locked_user : answer->locked_mm;
	union record record = { 0 };

	if (has_limit(move, limit)) {
		field_set_number(record_field(RECORD_OWNER, DMAOWN_A_OWNER_LIMIT), &record, limit);
		field_set_number(record_field(RECORD_OWNER, DMAOWN_A_OWNER_HEADROOM), &record,
				 limit > used ? limit - used : 0);
	}
	move->account = record.owner;
}

/* Mode user charges the user, mode mm the process, mode none nobody. */
static void render_account(const struct row *row, struct value *value)
{
	const struct move *move = move_of(row);
	char pid[16];

	switch (move->owned->area.mode) {
	case DMAOWN_MODE_USER:
		value_give_text(value, user_name(move->to->uid));
		break;
	case DMAOWN_MODE_MM:
		snprintf(pid, sizeof(pid), "%" PRIu32, move->to->process.pid);
		value_give_text(value, strdup(pid));
		break;
	}
}

static void render_limit(const struct row *row, struct value *value)
{
	const union record record = { .owner = move_of(row)->account };

	value_set_field(value, record_field(RECORD_OWNER, DMAOWN_A_OWNER_LIMIT), &record);
}

static void render_headroom(const struct row *row, struct value *value)
{
	const union record record = { .owner = move_of(row)->account };

	value_set_field(value, record_field(RECORD_OWNER, DMAOWN_A_OWNER_HEADROOM), &record);
	if (is_scarce(&record.owner, HEADROOM_PERCENT))
		value->colour = COLOUR_BAD;
}

/* AREAS */

static void render_areas(const struct row *row, struct value *value)
{
	value_set_number(value, VALUE_NUMBER, move_of(row)->owned->areas);
}

static void render_pinned(const struct row *row, struct value *value)
{
	value_set_number(value, VALUE_SIZE, move_of(row)->owned->pinned);
}

/* FROM AND TO */

/* Name the old owner in the way that --from takes. */
static void render_from(const struct row *row, struct value *value)
{
	const struct area_record *area = &move_of(row)->owned->area;

	if (preview_is_nameless(area))
		value_set_number(value, VALUE_HEX, area->owner);
	else
		value_set_number(value, VALUE_NUMBER, area->pid);
}

static void render_command(const struct row *row, struct value *value)
{
	const struct move *move = move_of(row);
	const char *command = preview_command(&move->result->preview, move->owned->area.owner);

	if (command)
		value_set_text(value, command);
}

static void render_user(const struct row *row, struct value *value)
{
	const struct area_record *area = &move_of(row)->owned->area;

	if (known(area, AREA, UID))
		value_give_text(value, user_name(area->uid));
}

static void render_to(const struct row *row, struct value *value)
{
	value_set_number(value, VALUE_NUMBER, move_of(row)->to->process.pid);
}

/* THE TABLE */

static const struct column columns[] = {
	FIELD_COLUMN("CONTEXT", AREA, CONTEXT, 0, 0),
	MADE_COLUMN("AREAS", VALUE_NUMBER, render_areas, 0, 0, NULL),
	MADE_COLUMN("PINNED", VALUE_SIZE, render_pinned, 0, 0, NULL),
	MADE_COLUMN("FROM", VALUE_HEX, render_from, 0, SCOLS_FL_RIGHT, NULL),
	MADE_COLUMN("COMMAND", VALUE_TEXT, render_command, 6, SCOLS_FL_TRUNC, NULL),
	MADE_COLUMN("USER", VALUE_TEXT, render_user, 4, SCOLS_FL_TRUNC, NULL),
	FIELD_COLUMN("STATE", AREA, STATE, 0, 0),
	MADE_COLUMN("TO", VALUE_NUMBER, render_to, 0, 0, NULL),
	FIELD_COLUMN("MODE", AREA, MODE, 0, 0),
	MADE_COLUMN("ACCOUNT", VALUE_TEXT, render_account, 0, 0, NULL),
	MADE_COLUMN("LIMIT", VALUE_SIZE, render_limit, 0, 0, NULL),
	MADE_COLUMN("HEADROOM", VALUE_SIZE, render_headroom, 0, 0, NULL),
	/* only in JSON */
	FIELD_COLUMN("OWNER", AREA, OWNER, 0, 0),
	FIELD_COLUMN("PID", AREA, PID, 0, 0),
};

#define TABLE "CONTEXT,AREAS,PINNED,FROM,COMMAND,USER,STATE,TO,MODE,ACCOUNT,LIMIT,HEADROOM"
#define KEYS  "CONTEXT,AREAS,PINNED,OWNER,PID,COMMAND,USER,STATE,TO,MODE,ACCOUNT,LIMIT,HEADROOM"

static const struct column_set set = { RECORD_AREA, columns, sizeof(columns) / sizeof(columns[0]) };

static void make_move(const struct process_ref *to, const struct transfer_result *result,
		      const struct owner_areas *owned, struct move *move, union record *record)
{
	*record = (union record){ .area = owned->area };
	*move = (struct move){ { record, NULL }, to, result, owned, { 0 } };
	set_account(move);
}

static int print_lines(const struct process_ref *to, const struct transfer_result *result,
		       struct output *output)
{
	const struct owner_areas_list *owner_areas = &result->preview.owner_areas;
	union record record;
	struct move move;
	size_t i;
	int rc;

	rc = output_choose(output, TABLE) ?: output_begin(output, NULL);
	for (i = 0; i < owner_areas->nr && !rc; i++) {
		make_move(to, result, &owner_areas->items[i], &move, &record);
		rc = output_row(output, &move.row);
	}
	return output_end(output, !rc) ?: rc;
}

static uint64_t count_areas(const struct owner_areas_list *owner_areas)
{
	uint64_t areas = 0;
	size_t i;

	for (i = 0; i < owner_areas->nr; i++)
		areas += owner_areas->items[i].areas;
	return areas;
}

void preview_print(const struct process_ref *to, const struct transfer_result *result)
{
	static const struct output_options options = { 0 };
	struct output output = { .options = &options, .set = &set };
	const struct preview *preview = &result->preview;
	int rc = preview->error;

	if (!rc && preview->owner_areas.nr)
		rc = print_lines(to, result, &output);
	if (rc && streams_flush())
		return;
	if (rc)
		warnx("cannot show what moves: %s", strerror(-rc));
	else if (preview->owner_areas.busy)
		warnx("part of a context was locked when it was listed: the table is incomplete");
	else if (!result->error && count_areas(&preview->owner_areas) != result->answer.areas)
		warnx("areas came or went after the listing that the table shows");
}

static void move_to_json(const struct move *move, const struct selection *selection,
			 struct json *json)
{
	char key[COLUMN_KEY];
	size_t i;

	json_open(json, NULL, '{');
	for (i = 0; i < selection->nr; i++) {
		struct value value = { 0 };

		column_render(&set, selection->columns[i], &move->row, &value);
		value_to_json(&value, json, column_key(selection->columns[i], key));
		value_clear(&value);
	}
	json_close(json, '}');
}

void preview_to_json(const struct process_ref *to, const struct transfer_result *result,
		     struct json *json)
{
	const struct owner_areas_list *owner_areas = &result->preview.owner_areas;
	struct selection selection;
	const char *unknown;
	union record record;
	struct move move;
	size_t i;

	if (result->preview.error || columns_select(&set, KEYS, NULL, &selection, &unknown)) {
		json_null(json, "moves");
		return;
	}
	json_open(json, "moves", '[');
	for (i = 0; i < owner_areas->nr; i++) {
		make_move(to, result, &owner_areas->items[i], &move, &record);
		move_to_json(&move, &selection, json);
	}
	json_close(json, ']');
}

// SPDX-License-Identifier: GPL-2.0-only
/* The table of what moves, and the same in JSON. */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "health.h"
#include "output.h"
#include "process.h"
#include "transfer.h"

/* A line of the table. */
struct move {
	struct row row;
	const struct transfer *transfer;
	const struct share *share;
	/* the account as it is afterwards, in the form that knows what is scarce */
	struct owner_record account;
};

static const struct move *move_of(const struct row *row)
{
	return (const struct move *)row;
}

/* WHERE IT IS CHARGED */

/* The limit that the new owner has then: the module's answer, or what it is to be raised to. */
static uint64_t limit_afterwards(const struct transfer *transfer)
{
	const struct limit *limit = &transfer->limit;

	if (limit->state == LIMIT_WOULD_BE_RAISED || limit->state == LIMIT_RAISED)
		return limit->to.rlim_cur;
	return transfer->call.limit;
}

static void set_account(struct move *move)
{
	const struct dmaown_transfer *call = &move->transfer->call;
	uint64_t limit = limit_afterwards(move->transfer);
	uint64_t used = move->share->area.mode == DMAOWN_MODE_USER ? call->locked_user :
								      call->locked_mm;
	union record record = { 0 };

	/* Without a context it has not come so far as to look at limits. */
	if (move->share->area.mode != DMAOWN_MODE_NONE && call->contexts && limit != RLIM_INFINITY) {
		field_set_number(record_field(RECORD_OWNER, DMAOWN_A_OWNER_LIMIT), &record, limit);
		field_set_number(record_field(RECORD_OWNER, DMAOWN_A_OWNER_HEADROOM), &record,
				 limit > used ? limit - used : 0);
	}
	move->account = record.owner;
}

/* Mode user: the user; mode mm: the process itself; mode none: nobody. */
static void render_account(const struct row *row, struct cell *cell)
{
	const struct move *move = move_of(row);
	char pid[16];

	switch (move->share->area.mode) {
	case DMAOWN_MODE_USER:
		cell_give_text(cell, user_name(move->transfer->to.uid));
		break;
	case DMAOWN_MODE_MM:
		snprintf(pid, sizeof(pid), "%" PRIu32, move->transfer->to.process.pid);
		cell_give_text(cell, strdup(pid));
		break;
	}
}

static void render_limit(const struct row *row, struct cell *cell)
{
	const union record record = { .owner = move_of(row)->account };

	cell_set_field(cell, record_field(RECORD_OWNER, DMAOWN_A_OWNER_LIMIT), &record);
}

static void render_headroom(const struct row *row, struct cell *cell)
{
	const union record record = { .owner = move_of(row)->account };

	cell_set_field(cell, record_field(RECORD_OWNER, DMAOWN_A_OWNER_HEADROOM), &record);
	if (is_scarce(&record.owner, HEALTH_HEADROOM))
		cell->colour = COLOUR_BAD;
}

/* WHAT MOVES */

static void render_areas(const struct row *row, struct cell *cell)
{
	cell_set_number(cell, CELL_NUMBER, move_of(row)->share->areas);
}

static void render_pinned(const struct row *row, struct cell *cell)
{
	cell_set_number(cell, CELL_SIZE, move_of(row)->share->pinned);
}

/* FROM WHOM */

static bool is_nameless(const struct area_record *area)
{
	return !known(area, AREA, PID) || area->state == DMAOWN_STATE_DEAD;
}

/* By what --from takes. */
static void render_from(const struct row *row, struct cell *cell)
{
	const struct area_record *area = &move_of(row)->share->area;

	if (is_nameless(area))
		cell_set_number(cell, CELL_HEX, area->owner);
	else
		cell_set_number(cell, CELL_NUMBER, area->pid);
}

static void render_command(const struct row *row, struct cell *cell)
{
	const struct record_list *owners = &move_of(row)->transfer->moves.owners;
	const struct owner_record *owner;
	size_t i;

	for (i = 0; i < owners->nr; i++) {
		owner = &owners->items[i].owner;
		if (owner->owner == move_of(row)->share->area.owner && known(owner, OWNER, COMM)) {
			cell_set_text(cell, owner->comm);
			return;
		}
	}
}

static void render_user(const struct row *row, struct cell *cell)
{
	const struct area_record *area = &move_of(row)->share->area;

	if (known(area, AREA, UID))
		cell_give_text(cell, user_name(area->uid));
}

static void render_to(const struct row *row, struct cell *cell)
{
	cell_set_number(cell, CELL_NUMBER, move_of(row)->transfer->to.process.pid);
}

/* THE TABLE */

static const struct column columns[] = {
	FIELD_COLUMN("CONTEXT", AREA, CONTEXT, 10, SCOLS_FL_TRUNC),
	MADE_COLUMN("AREAS", CELL_NUMBER, render_areas, 0, 0, NULL),
	MADE_COLUMN("PINNED", CELL_SIZE, render_pinned, 0, 0, NULL),
	MADE_COLUMN("FROM", CELL_HEX, render_from, 0, SCOLS_FL_RIGHT, NULL),
	MADE_COLUMN("COMMAND", CELL_TEXT, render_command, 6, SCOLS_FL_TRUNC, NULL),
	MADE_COLUMN("USER", CELL_TEXT, render_user, 4, SCOLS_FL_TRUNC, NULL),
	FIELD_COLUMN("STATE", AREA, STATE, 0, 0),
	MADE_COLUMN("TO", CELL_NUMBER, render_to, 0, 0, NULL),
	FIELD_COLUMN("MODE", AREA, MODE, 0, 0),
	MADE_COLUMN("ACCOUNT", CELL_TEXT, render_account, 7, SCOLS_FL_TRUNC, NULL),
	MADE_COLUMN("LIMIT", CELL_SIZE, render_limit, 0, 0, NULL),
	MADE_COLUMN("HEADROOM", CELL_SIZE, render_headroom, 0, 0, NULL),
	/* in JSON only */
	FIELD_COLUMN("OWNER", AREA, OWNER, 0, 0),
	FIELD_COLUMN("PID", AREA, PID, 0, 0),
};

#define TABLE	"CONTEXT,AREAS,PINNED,FROM,COMMAND,USER,STATE,TO,MODE,ACCOUNT,LIMIT,HEADROOM"
#define KEYS	"CONTEXT,AREAS,PINNED,OWNER,PID,COMMAND,USER,STATE,TO,MODE,ACCOUNT,LIMIT,HEADROOM"

static const struct column_set set = {
	RECORD_AREA, columns, sizeof(columns) / sizeof(columns[0])
};

static void make_move(const struct transfer *transfer, const struct share *share,
		      struct move *move, union record *record)
{
	*record = (union record){ .area = share->area };
	*move = (struct move){ { record, NULL }, transfer, share, { 0 } };
	set_account(move);
}

static int print_lines(const struct transfer *transfer, struct output *output)
{
	const struct share_list *shares = &transfer->moves.shares;
	union record record;
	struct move move;
	size_t i;
	int rc;

	rc = output_choose(output, TABLE) ?: output_begin(output, NULL);
	for (i = 0; i < shares->nr && !rc; i++) {
		make_move(transfer, &shares->items[i], &move, &record);
		rc = output_row(output, &move.row);
	}
	return output_end(output, !rc) ?: rc;
}

static uint64_t count_areas(const struct share_list *shares)
{
	uint64_t areas = 0;
	size_t i;

	for (i = 0; i < shares->nr; i++)
		areas += shares->items[i].areas;
	return areas;
}

void moves_print(const struct transfer *transfer)
{
	static const struct output_options options = { 0 };
	struct output output = { .options = &options, .set = &set };
	const struct moves *moves = &transfer->moves;
	int rc = moves->error;

	if (!rc && moves->shares.nr)
		rc = print_lines(transfer, &output);
	if (rc)
		warnx("cannot show what moves: %s", strerror(-rc));
	else if (moves->shares.busy)
		warnx("part of a context was locked when it was listed: not all that moves is shown");
	else if (!transfer->error && count_areas(&moves->shares) != transfer->call.areas)
		warnx("areas came or went since what is shown was listed");
}

void moves_to_json(const struct transfer *transfer, struct json *json)
{
	const struct share_list *shares = &transfer->moves.shares;
	struct selection selection;
	char key[COLUMN_KEY];
	const char *unknown;
	union record record;
	struct move move;
	size_t i, n;

	if (transfer->moves.error ||
	    columns_select(&set, KEYS, NULL, &selection, &unknown)) {
		json_null(json, "moves");
		return;
	}
	json_open(json, "moves", '[');
	for (i = 0; i < shares->nr; i++) {
		make_move(transfer, &shares->items[i], &move, &record);
		json_open(json, NULL, '{');
		for (n = 0; n < selection.nr; n++) {
			struct cell cell = { 0 };

			column_render(&set, selection.columns[n], &move.row, &cell);
			cell_to_json(&cell, json, column_key(selection.columns[n], key));
			cell_clear(&cell);
		}
		json_close(json, '}');
	}
	json_close(json, ']');
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* What stands in one column of one line, before it is known in what form it is printed. */
#ifndef DMAOWN_CLI_CELL_H
#define DMAOWN_CLI_CELL_H

#include "json.h"
#include "records.h"
#include "text.h"

enum cell_kind {
	CELL_UNKNOWN,		/* or unlimited: empty; null in JSON */
	CELL_NUMBER,
	CELL_SIZE,		/* human-readable, but for --bytes and JSON */
	CELL_TIME,		/* nanoseconds since boot */
	CELL_HEX,		/* an ID or address: "0x..." in JSON */
	CELL_TEXT,
	CELL_FLAG,		/* true or false in JSON */
	CELL_LIST,		/* joined with commas; an array in JSON */
};

enum cell_colour { COLOUR_NONE, COLOUR_WARN, COLOUR_BAD };

struct cell {
	enum cell_kind kind;
	enum cell_colour colour;
	uint64_t number;
	const char *text;	/* of CELL_TEXT, and of a CELL_FLAG that has words of its own */
	char *owned;		/* what text points to, if the cell is to free it */
	struct cell *items;
	size_t nr_items;
};

void cell_set_number(struct cell *cell, enum cell_kind kind, uint64_t number);
/* text must outlive the cell */
void cell_set_text(struct cell *cell, const char *text);
/* text becomes the cell's; NULL leaves it unknown */
void cell_give_text(struct cell *cell, char *text);
/* words for a flag, in text */
void cell_set_flag(struct cell *cell, bool flag, const char *yes, const char *no);
void cell_set_list(struct cell *cell);
/* A new, unknown item of a list; NULL: no memory. */
struct cell *cell_add(struct cell *cell);
void cell_set_field(struct cell *cell, const struct field *field, const union record *record);
void cell_clear(struct cell *cell);

enum cell_kind cell_kind_of_field(const struct field *field);

/* Is this number or text in the list already? */
bool cell_has_number(const struct cell *list, enum cell_kind kind, uint64_t number);
bool cell_has_text(const struct cell *list, const char *text);

/* The text for a table; and by itself, for the caller to free. NULL: no memory. */
void cell_put_text(const struct cell *cell, bool bytes, struct text *text);
char *cell_to_text(const struct cell *cell, bool bytes);
void cell_to_json(const struct cell *cell, struct json *json, const char *key);

/*
 * The fields of a record into an object that is open; without those that are named, in a list that
 * ends in NULL.
 */
void cell_record_to_json(struct json *json, enum record_kind kind, const union record *record,
			 const char *const *except);

#endif

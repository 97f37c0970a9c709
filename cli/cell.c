// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "size.h"

void cell_set_number(struct cell *cell, enum cell_kind kind, uint64_t number)
{
	cell->kind = kind;
	cell->number = number;
}

void cell_set_text(struct cell *cell, const char *text)
{
	cell->kind = CELL_TEXT;
	cell->text = text;
}

void cell_give_text(struct cell *cell, char *text)
{
	if (!text)
		return;
	cell_set_text(cell, text);
	cell->owned = text;
}

void cell_set_flag(struct cell *cell, bool flag, const char *yes, const char *no)
{
	cell_set_number(cell, CELL_FLAG, flag);
	cell->text = flag ? yes : no;
}

void cell_set_list(struct cell *cell)
{
	cell->kind = CELL_LIST;
}

struct cell *cell_add(struct cell *cell)
{
	struct cell *items = reallocarray(cell->items, cell->nr_items + 1, sizeof(*items));

	if (!items)
		return NULL;
	cell->items = items;
	items[cell->nr_items] = (struct cell){ 0 };
	return &items[cell->nr_items++];
}

void cell_clear(struct cell *cell)
{
	size_t i;

	for (i = 0; i < cell->nr_items; i++)
		cell_clear(&cell->items[i]);
	free(cell->items);
	free(cell->owned);
	*cell = (struct cell){ 0 };
}

enum cell_kind cell_kind_of_field(const struct field *field)
{
	switch (field->type) {
	case TYPE_U32:
	case TYPE_U64:
		return CELL_NUMBER;
	case TYPE_FLAG:
		return CELL_FLAG;
	case TYPE_ID:
	case TYPE_ADDR:
		return CELL_HEX;
	case TYPE_SIZE:
		return CELL_SIZE;
	case TYPE_TIME:
		return CELL_TIME;
	default:
		return CELL_TEXT;
	}
}

static void set_enumerator(struct cell *cell, enum field_type type, uint64_t value)
{
	const char *name = enum_name(type, value);

	if (name)
		cell_set_text(cell, name);
	else
		cell_set_number(cell, CELL_NUMBER, value);
	if (type == TYPE_STATE && value == DMAOWN_STATE_STALE)
		cell->colour = COLOUR_WARN;
	if (type == TYPE_STATE && value == DMAOWN_STATE_DEAD)
		cell->colour = COLOUR_BAD;
}

void cell_set_field(struct cell *cell, const struct field *field, const union record *record)
{
	enum cell_kind kind = cell_kind_of_field(field);

	if (!(record->known >> field->attr & 1))
		return;
	if (field_is_text(field))
		cell_set_text(cell, field_text(field, record));
	else if (field_is_enum(field))
		set_enumerator(cell, field->type, field_number(field, record));
	else if (kind == CELL_FLAG)
		cell_set_flag(cell, field_number(field, record), "yes", "no");
	else
		cell_set_number(cell, kind, field_number(field, record));
}

bool cell_has_number(const struct cell *list, enum cell_kind kind, uint64_t number)
{
	size_t i;

	for (i = 0; i < list->nr_items; i++)
		if (list->items[i].kind == kind && list->items[i].number == number)
			return true;
	return false;
}

bool cell_has_text(const struct cell *list, const char *text)
{
	size_t i;

	for (i = 0; i < list->nr_items; i++)
		if (list->items[i].kind == CELL_TEXT && !strcmp(list->items[i].text, text))
			return true;
	return false;
}

/* As "%09": what is behind the point of a second. */
static void put_nanoseconds(uint64_t nanoseconds, struct text *text)
{
	char room[DIGITS];
	const char *digits = digits_of(room, nanoseconds);
	size_t length = room + DIGITS - digits;

	text_fill(text, '0', 9 - length);
	text_add(text, digits, length);
}

void cell_put_text(const struct cell *cell, bool bytes, struct text *text)
{
	char size[SIZE_TEXT];
	size_t i;

	switch (cell->kind) {
	case CELL_UNKNOWN:
		break;
	case CELL_SIZE:
		if (!bytes) {
			text_puts(text, size_format(size, cell->number));
			break;
		}
		/* fall through */
	case CELL_NUMBER:
		text_number(text, cell->number);
		break;
	case CELL_TIME:
		text_number(text, cell->number / 1000000000);
		text_put(text, '.');
		put_nanoseconds(cell->number % 1000000000, text);
		break;
	case CELL_HEX:
		text_hex(text, cell->number);
		break;
	case CELL_TEXT:
	case CELL_FLAG:
		text_puts(text, cell->text);
		break;
	case CELL_LIST:
		for (i = 0; i < cell->nr_items; i++) {
			if (i)
				text_put(text, ',');
			if (cell->items[i].kind == CELL_UNKNOWN)
				text_put(text, '-');
			cell_put_text(&cell->items[i], bytes, text);
		}
		break;
	}
}

char *cell_to_text(const struct cell *cell, bool bytes)
{
	struct text text = { 0 };

	cell_put_text(cell, bytes, &text);
	text_put(&text, '\0');
	if (text.failed)
		text_free(&text);
	return text.bytes;
}

void cell_to_json(const struct cell *cell, struct json *json, const char *key)
{
	size_t i;

	switch (cell->kind) {
	case CELL_UNKNOWN:
		json_null(json, key);
		break;
	case CELL_NUMBER:
	case CELL_SIZE:
	case CELL_TIME:
		json_number(json, key, cell->number);
		break;
	case CELL_HEX:
		json_hex(json, key, cell->number);
		break;
	case CELL_TEXT:
		json_string(json, key, cell->text);
		break;
	case CELL_FLAG:
		json_bool(json, key, cell->number);
		break;
	case CELL_LIST:
		json_open(json, key, '[');
		for (i = 0; i < cell->nr_items; i++)
			cell_to_json(&cell->items[i], json, NULL);
		json_close(json, ']');
		break;
	}
}

static bool is_among(const char *name, const char *const *names)
{
	for (; names && *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

void cell_record_to_json(struct json *json, enum record_kind kind, const union record *record,
			 const char *const *except)
{
	const struct record_type *type = &record_types[kind];
	unsigned int i;

	for (i = 0; i < type->nr_fields; i++) {
		struct cell cell = { 0 };

		if (is_among(type->fields[i].name, except))
			continue;
		cell_set_field(&cell, &type->fields[i], record);
		cell_to_json(&cell, json, type->fields[i].name);
		cell_clear(&cell);
	}
}

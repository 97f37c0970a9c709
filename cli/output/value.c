// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/array.h"
#include "size.h"
#include "value.h"

void value_set_number(struct value *value, enum value_kind kind, uint64_t number)
{
	value->kind = kind;
	value->number = number;
}

void value_set_text(struct value *value, const char *text)
{
	value->kind = VALUE_TEXT;
	value->text = text;
}

void value_give_text(struct value *value, char *text)
{
	if (!text)
		return;
	value_set_text(value, text);
	value->owned = text;
}

void value_set_flag(struct value *value, bool flag, const char *yes, const char *no)
{
	value_set_number(value, VALUE_FLAG, flag);
	value->text = flag ? yes : no;
}

void value_set_list(struct value *value)
{
	value->kind = VALUE_LIST;
}

struct value *value_add(struct value *value)
{
	struct value *item;

	if (!array_grow((void **)&value->items, &value->room_items, value->nr_items + 1,
			sizeof(*value->items)))
		return NULL;
	item = &value->items[value->nr_items++];
	*item = (struct value){ 0 };
	return item;
}

void value_free(struct value *value)
{
	size_t i;

	for (i = 0; i < value->nr_items; i++)
		value_clear(&value->items[i]);
	free(value->items);
	free(value->owned);
	*value = (struct value){ 0 };
}

enum value_kind value_kind_of_field(const struct field *field)
{
	switch (field->type) {
	case TYPE_U32:
	case TYPE_U64:
		return VALUE_NUMBER;
	case TYPE_FLAG:
		return VALUE_FLAG;
	case TYPE_ID:
	case TYPE_ADDR:
		return VALUE_HEX;
	case TYPE_SIZE:
		return VALUE_SIZE;
	case TYPE_TIME:
		return VALUE_TIME;
	default:
		return VALUE_TEXT;
	}
}

static void set_enumerator(struct value *value, enum field_type type, uint64_t number)
{
	const char *name = enum_name(type, number);

	if (name)
		value_set_text(value, name);
	else
		value_set_number(value, VALUE_NUMBER, number);
	if (type == TYPE_STATE && number == DMAOWN_STATE_STALE)
		value->colour = COLOUR_WARN;
	if (type == TYPE_STATE && number == DMAOWN_STATE_DEAD)
		value->colour = COLOUR_BAD;
}

void value_set_field(struct value *value, const struct field *field, const union record *record)
{
	enum value_kind kind = value_kind_of_field(field);

	if (!(record->known >> field->attr & 1))
		return;
	if (field_is_text(field))
		value_set_text(value, field_text(field, record));
	else if (field_is_enum(field))
		set_enumerator(value, field->type, field_number(field, record));
	else if (kind == VALUE_FLAG)
		value_set_flag(value, field_number(field, record), "yes", "no");
	else
		value_set_number(value, kind, field_number(field, record));
}

/* Append the fraction of a second, as "%09" does. */
static void put_nanoseconds(uint64_t nanoseconds, struct strbuf *text)
{
	char room[DIGITS];
	const char *digits = digits_of(room, nanoseconds);
	size_t length = room + DIGITS - digits;

	strbuf_fill(text, '0', 9 - length);
	strbuf_add(text, digits, length);
}

void value_put_text(const struct value *value, bool bytes, struct strbuf *text)
{
	char size[SIZE_TEXT];
	size_t i;

	switch (value->kind) {
	case VALUE_UNKNOWN:
		strbuf_puts(text, value->text ?: "");
		break;
	case VALUE_SIZE:
		if (!bytes) {
			strbuf_puts(text, size_format(size, value->number));
			break;
		}
		/* fall through */
	case VALUE_NUMBER:
		strbuf_number(text, value->number);
		break;
	case VALUE_TIME:
		strbuf_number(text, value->number / 1000000000);
		strbuf_put(text, '.');
		put_nanoseconds(value->number % 1000000000, text);
		break;
	case VALUE_HEX:
		strbuf_hex(text, value->number);
		break;
	case VALUE_TEXT:
	case VALUE_FLAG:
		strbuf_puts(text, value->text);
		break;
	case VALUE_LIST:
		for (i = 0; i < value->nr_items; i++) {
			if (i)
				strbuf_put(text, ',');
			if (value->items[i].kind == VALUE_UNKNOWN && !value->items[i].text)
				strbuf_put(text, '-');
			value_put_text(&value->items[i], bytes, text);
		}
		break;
	}
}

char *value_to_text(const struct value *value, bool bytes)
{
	struct strbuf text = { 0 };

	value_put_text(value, bytes, &text);
	strbuf_put(&text, '\0');
	if (text.failed)
		strbuf_free(&text);
	return text.bytes;
}

void value_to_json(const struct value *value, struct json *json, const char *key)
{
	size_t i;

	switch (value->kind) {
	case VALUE_UNKNOWN:
		json_null(json, key);
		break;
	case VALUE_NUMBER:
	case VALUE_SIZE:
	case VALUE_TIME:
		json_number(json, key, value->number);
		break;
	case VALUE_HEX:
		json_hex(json, key, value->number);
		break;
	case VALUE_TEXT:
		json_string(json, key, value->text);
		break;
	case VALUE_FLAG:
		json_bool(json, key, value->number);
		break;
	case VALUE_LIST:
		json_open(json, key, '[');
		for (i = 0; i < value->nr_items; i++)
			value_to_json(&value->items[i], json, NULL);
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

void value_record_to_json(struct json *json, enum record_kind kind, const union record *record,
			  const char *const *except)
{
	const struct record_type *type = &record_types[kind];
	unsigned int i;

	for (i = 0; i < type->nr_fields; i++) {
		struct value value = { 0 };

		if (is_among(type->fields[i].name, except))
			continue;
		value_set_field(&value, &type->fields[i], record);
		value_to_json(&value, json, type->fields[i].name);
		value_clear(&value);
	}
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The value of a column in a row, independent of the form in which it is printed. */
#ifndef DMAOWN_CLI_OUTPUT_VALUE_H
#define DMAOWN_CLI_OUTPUT_VALUE_H

#include "channel/records.h"
#include "json.h"
#include "strbuf.h"

enum value_kind {
	VALUE_UNKNOWN, /* or unlimited; in a table its text, or nothing; null in JSON */
	VALUE_NUMBER,
	VALUE_SIZE, /* human-readable except with --bytes and in JSON */
	VALUE_TIME, /* nanoseconds since boot */
	VALUE_HEX,  /* an ID or address: "0x..." in JSON */
	VALUE_TEXT,
	VALUE_FLAG, /* true or false in JSON */
	VALUE_LIST, /* joined with commas; an array in JSON */
};

enum value_colour { COLOUR_NONE, COLOUR_WARN, COLOUR_BAD };

struct value {
	enum value_kind kind;
	enum value_colour colour;
	uint64_t number;
	const char *text; /* of VALUE_TEXT and VALUE_FLAG; for VALUE_UNKNOWN a mark or NULL */
	char *owned;	  /* text to free with the value, or NULL */
	struct value *items;
	size_t nr_items;
	size_t room_items;
};

void value_set_number(struct value *value, enum value_kind kind, uint64_t number);

/* The text must outlive the value. */
void value_set_text(struct value *value, const char *text);

/* The value takes over the text. NULL leaves the value unknown. */
void value_give_text(struct value *value, char *text);

/* @yes, @no: words for the flag in a table */
void value_set_flag(struct value *value, bool flag, const char *yes, const char *no);
void value_set_list(struct value *value);

/* Add an unknown item to a list. Return: the item, or NULL without memory. */
struct value *value_add(struct value *value);

/* Set the value from a field of a record, or leave it unknown if the field is missing. */
void value_set_field(struct value *value, const struct field *field, const union record *record);
void value_free(struct value *value);

/* Inline, with no call for the many values that own nothing. */
static inline void value_clear(struct value *value)
{
	if (value->owned || value->items)
		value_free(value);
}

enum value_kind value_kind_of_field(const struct field *field);

/* Append the text for a table. */
void value_put_text(const struct value *value, bool bytes, struct strbuf *text);

/* Return: the text for a table, for the caller to free, or NULL without memory. */
char *value_to_text(const struct value *value, bool bytes);
void value_to_json(const struct value *value, struct json *json, const char *key);

/*
 * Write the fields of a record into an open object.
 * @except: names of fields to leave out, ended by NULL; or NULL
 */
void value_record_to_json(struct json *json, enum record_kind kind, const union record *record,
			  const char *const *except);

#endif

// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "host/streams.h"
#include "json.h"
#include "strbuf.h"

#define INDENT 3

/* A newline and the blanks of eight levels. */
static const char line_break[] = "\n                        ";

int utf8_length(const unsigned char *s)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = {
		{ 0x80, 0x00, 0x00 },
		{ 0xe0, 0xc0, 0x80 },
		{ 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};
	uint32_t value;
	int i, n;

	for (n = 0; n < 4; n++)
		if ((s[0] & forms[n].mask) == forms[n].lead)
			break;
	if (n == 4)
		return 0;
	value = s[0] & ~forms[n].mask;
	for (i = 1; i <= n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (s[i] & 0x3f);
	}
	/* Reject overlong forms, surrogates, and values above U+10FFFF. */
	if (value < forms[n].least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	return n + 1;
}

void json_flush(struct json *json)
{
	streams_write(json->bytes, json->length, json->out);
	json->length = 0;
}

static void put(struct json *json, const char *bytes, size_t length)
{
	if (length > sizeof(json->bytes) - json->length)
		json_flush(json);
	if (length > sizeof(json->bytes)) {
		streams_write(bytes, length, json->out);
		return;
	}
	memcpy(json->bytes + json->length, bytes, length);
	json->length += length;
}

static void put_byte(struct json *json, char byte)
{
	if (json->length == sizeof(json->bytes))
		json_flush(json);
	json->bytes[json->length++] = byte;
}

static bool is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* Write a character that is not plain. Return: its length. */
static size_t put_character(struct json *json, const unsigned char *s)
{
	int length = utf8_length(s);
	char escape[sizeof("\\u0000")];

	if (!length)
		put(json, "\\ufffd", 6);
	else if (length > 1)
		put(json, (const char *)s, length);
	else if (*s == '"' || *s == '\\')
		put(json, escape, sprintf(escape, "\\%c", *s));
	else
		put(json, escape, sprintf(escape, "\\u%04x", *s));
	return length ? length : 1;
}

static void put_string(struct json *json, const char *text)
{
	const unsigned char *s = (const unsigned char *)text, *end;

	put_byte(json, '"');
	while (*s) {
		for (end = s; is_plain(*end); end++)
			;
		put(json, (const char *)s, end - s);
		s = end;
		if (*s)
			s += put_character(json, s);
	}
	put_byte(json, '"');
}

static void newline(struct json *json)
{
	size_t blanks = INDENT * json->depth, most = sizeof(line_break) - 2;

	if (json->compact)
		return;
	put(json, line_break, 1 + (blanks < most ? blanks : most));
	for (; blanks > most; blanks--)
		put_byte(json, ' ');
}

static void begin(struct json *json, const char *key)
{
	if (json->continued) {
		put_byte(json, ',');
		if (json->compact)
			put_byte(json, ' ');
	}
	if (json->depth)
		newline(json);
	json->continued = true;
	if (key) {
		put_byte(json, '"');
		put(json, key, strlen(key));
		put(json, "\": ", 3);
	}
}

void json_open(struct json *json, const char *key, char bracket)
{
	begin(json, key);
	put_byte(json, bracket);
	json->depth++;
	json->continued = false;
}

void json_close(struct json *json, char bracket)
{
	json->depth--;
	if (json->continued)
		newline(json);
	put_byte(json, bracket);
	json->continued = true;
	if (json->depth)
		return;
	put_byte(json, '\n');
	json_flush(json);
}

void json_null(struct json *json, const char *key)
{
	begin(json, key);
	put(json, "null", 4);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin(json, key);
	put(json, value ? "true" : "false", value ? 4 : 5);
}

void json_number(struct json *json, const char *key, uint64_t value)
{
	char room[DIGITS];
	const char *digits = digits_of(room, value);

	begin(json, key);
	put(json, digits, room + DIGITS - digits);
}

void json_hex(struct json *json, const char *key, uint64_t value)
{
	char room[DIGITS];
	const char *digits = hex_digits_of(room, value);

	begin(json, key);
	put_byte(json, '"');
	put(json, digits, room + DIGITS - digits);
	put_byte(json, '"');
}

void json_string(struct json *json, const char *key, const char *value)
{
	if (!value) {
		json_null(json, key);
		return;
	}
	begin(json, key);
	put_string(json, value);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "json.h"

#define INDENT	3

int utf8_length(const unsigned char *s)
{
	static const struct { unsigned char mask, lead; uint32_t least; } forms[] = {
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
	/* Overlong forms, surrogates, and what is beyond Unicode. */
	if (value < forms[n].least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	return n + 1;
}

static void put_string(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	int length;

	fputc('"', out);
	while (*s) {
		length = utf8_length(s);
		if (!length) {
			fputs("\\ufffd", out);
			s++;
			continue;
		}
		if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else if (*s < ' ' || *s == 0x7f)
			fprintf(out, "\\u%04x", *s);
		else
			fwrite(s, 1, length, out);
		s += length;
	}
	fputc('"', out);
}

static void newline(struct json *json)
{
	if (!json->compact)
		fprintf(json->out, "\n%*s", json->depth * INDENT, "");
}

static void begin(struct json *json, const char *key)
{
	if (json->continued)
		fputs(json->compact ? ", " : ",", json->out);
	if (json->depth)
		newline(json);
	json->continued = true;
	if (key) {
		put_string(json->out, key);
		fputs(": ", json->out);
	}
}

void json_open(struct json *json, const char *key, char bracket)
{
	begin(json, key);
	fputc(bracket, json->out);
	json->depth++;
	json->continued = false;
}

void json_close(struct json *json, char bracket)
{
	json->depth--;
	if (json->continued)
		newline(json);
	fputc(bracket, json->out);
	if (!json->depth)
		fputc('\n', json->out);
	json->continued = true;
}

void json_null(struct json *json, const char *key)
{
	begin(json, key);
	fputs("null", json->out);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin(json, key);
	fputs(value ? "true" : "false", json->out);
}

void json_number(struct json *json, const char *key, uint64_t value)
{
	begin(json, key);
	fprintf(json->out, "%" PRIu64, value);
}

void json_hex(struct json *json, const char *key, uint64_t value)
{
	begin(json, key);
	fprintf(json->out, "\"0x%" PRIx64 "\"", value);
}

void json_string(struct json *json, const char *key, const char *value)
{
	if (!value) {
		json_null(json, key);
		return;
	}
	begin(json, key);
	put_string(json->out, value);
}

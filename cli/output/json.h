/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON, written element by element. libsmartcols would keep a whole table in memory, and prints an
 * empty array as [null].
 */
#ifndef DMAOWN_CLI_OUTPUT_JSON_H
#define DMAOWN_CLI_OUTPUT_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	unsigned int depth;
	bool continued; /* the open object or array has an element already */
	bool compact;	/* all on one line */
	size_t length;	/* number of bytes that are not written yet */
	char bytes[16 * 1024];
};

/* @key: NULL for an element of an array and the outermost object; is written without escapes */
void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);
void json_null(struct json *json, const char *key);
void json_bool(struct json *json, const char *key, bool value);
void json_number(struct json *json, const char *key, uint64_t value);
void json_hex(struct json *json, const char *key, uint64_t value);

/* Write a string. Bytes that are not UTF-8 become U+FFFD, and NULL becomes null. */
void json_string(struct json *json, const char *key, const char *value);

/* Write to the stream now, instead of when the buffer is full or at the last bracket. */
void json_flush(struct json *json);

/* Return: the length of the UTF-8 sequence at s, or 0 if s is not UTF-8. */
int utf8_length(const unsigned char *s);

#endif

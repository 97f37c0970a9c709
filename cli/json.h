/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON as it is written, element by element: libsmartcols keeps a whole table in memory for it, and
 * prints an empty array as [null].
 */
#ifndef DMAOWN_CLI_JSON_H
#define DMAOWN_CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	unsigned int depth;
	bool continued;		/* the object or array has an element already */
	bool compact;		/* all on one line */
	size_t length;		/* of what is to go to the stream still */
	char bytes[16 * 1024];
};

/* A NULL key: an element of an array, or the outermost object. In others nothing needs an escape. */
void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);
void json_null(struct json *json, const char *key);
void json_bool(struct json *json, const char *key, bool value);
void json_number(struct json *json, const char *key, uint64_t value);
void json_hex(struct json *json, const char *key, uint64_t value);
/* Bytes that are not UTF-8 become U+FFFD. NULL is null. */
void json_string(struct json *json, const char *key, const char *value);

/* Elements go to the stream now and then; now; and with the last bracket. */
void json_flush(struct json *json);

/* Length of the UTF-8 sequence that begins here, or 0: it is none. */
int utf8_length(const unsigned char *s);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Text that grows. What stdio does for a stream, and reads in a format, costs more than a cell does. */
#ifndef DMAOWN_CLI_TEXT_H
#define DMAOWN_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
	char *bytes;
	size_t length;
	size_t room;
	bool failed;		/* there was no memory: something is missing */
};

/* Make room for so many bytes more; false: there is no memory. */
bool text_grow(struct text *text, size_t length);

/* Adding is done for each cell several times, and mostly there is room: no calls then. */
static inline bool text_has_room(struct text *text, size_t length)
{
	return text->room - text->length > length || text_grow(text, length);
}

static inline void text_put(struct text *text, char byte)
{
	if (text_has_room(text, 1))
		text->bytes[text->length++] = byte;
}

static inline void text_add(struct text *text, const char *bytes, size_t length)
{
	if (!text_has_room(text, length))
		return;
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
}

static inline void text_fill(struct text *text, char byte, size_t times)
{
	if (!text_has_room(text, times))
		return;
	memset(text->bytes + text->length, byte, times);
	text->length += times;
}

void text_puts(struct text *text, const char *string);
void text_number(struct text *text, uint64_t number);
void text_hex(struct text *text, uint64_t number);
void text_free(struct text *text);

/*
 * The digits of a number, and of one behind 0x. They end where room ends; the pointer is to the first
 * of them.
 */
#define DIGITS	20
const char *digits_of(char room[DIGITS], uint64_t number);
const char *hex_digits_of(char room[DIGITS], uint64_t number);

#endif

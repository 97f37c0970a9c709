/* SPDX-License-Identifier: GPL-2.0-only */
/* Text that grows, without the locks and format strings of stdio: they cost more than a cell. */
#ifndef DMAOWN_CLI_OUTPUT_STRBUF_H
#define DMAOWN_CLI_OUTPUT_STRBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct strbuf {
	char *bytes;
	size_t length;
	size_t room;
	bool failed; /* there was no memory: text is missing */
};

/* Make room for length more bytes. Return: false without memory. */
bool strbuf_grow(struct strbuf *buf, size_t length);

/* Inline, with no call if there is room: each cell does this several times. */
static inline bool strbuf_has_room(struct strbuf *buf, size_t length)
{
	return buf->room - buf->length > length || strbuf_grow(buf, length);
}

static inline void strbuf_put(struct strbuf *buf, char byte)
{
	if (strbuf_has_room(buf, 1))
		buf->bytes[buf->length++] = byte;
}

static inline void strbuf_add(struct strbuf *buf, const char *bytes, size_t length)
{
	if (!strbuf_has_room(buf, length))
		return;
	memcpy(buf->bytes + buf->length, bytes, length);
	buf->length += length;
}

static inline void strbuf_fill(struct strbuf *buf, char byte, size_t times)
{
	if (!strbuf_has_room(buf, times))
		return;
	memset(buf->bytes + buf->length, byte, times);
	buf->length += times;
}

void strbuf_puts(struct strbuf *buf, const char *string);
void strbuf_number(struct strbuf *buf, uint64_t number);
void strbuf_hex(struct strbuf *buf, uint64_t number);
void strbuf_free(struct strbuf *buf);

/*
 * Write a number at the end of room: decimal, or hexadecimal after 0x.
 * Return: a pointer to the first character. There is no NUL.
 */
#define DIGITS 20
const char *digits_of(char room[DIGITS], uint64_t number);
const char *hex_digits_of(char room[DIGITS], uint64_t number);

#endif

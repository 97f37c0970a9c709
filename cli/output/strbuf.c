// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "strbuf.h"

bool strbuf_grow(struct strbuf *buf, size_t length)
{
	size_t room = buf->room ? buf->room : 64;
	char *bytes;

	while (room - buf->length <= length)
		room *= 2;
	bytes = realloc(buf->bytes, room);
	if (!bytes) {
		buf->failed = true;
		return false;
	}
	buf->bytes = bytes;
	buf->room = room;
	return true;
}

void strbuf_puts(struct strbuf *buf, const char *string)
{
	strbuf_add(buf, string, strlen(string));
}

const char *digits_of(char room[DIGITS], uint64_t number)
{
	char *digit = room + DIGITS;

	do {
		*--digit = '0' + number % 10;
		number /= 10;
	} while (number);
	return digit;
}

const char *hex_digits_of(char room[DIGITS], uint64_t number)
{
	char *digit = room + DIGITS;

	do {
		*--digit = "0123456789abcdef"[number & 15];
		number >>= 4;
	} while (number);
	*--digit = 'x';
	*--digit = '0';
	return digit;
}

void strbuf_number(struct strbuf *buf, uint64_t number)
{
	char room[DIGITS];
	const char *digits = digits_of(room, number);

	strbuf_add(buf, digits, room + DIGITS - digits);
}

void strbuf_hex(struct strbuf *buf, uint64_t number)
{
	char room[DIGITS];
	const char *digits = hex_digits_of(room, number);

	strbuf_add(buf, digits, room + DIGITS - digits);
}

void strbuf_free(struct strbuf *buf)
{
	free(buf->bytes);
	*buf = (struct strbuf){ 0 };
}

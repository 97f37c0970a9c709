// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "text.h"

bool text_grow(struct text *text, size_t length)
{
	size_t room = text->room ? text->room : 64;
	char *bytes;

	while (room - text->length <= length)
		room *= 2;
	bytes = realloc(text->bytes, room);
	if (!bytes) {
		text->failed = true;
		return false;
	}
	text->bytes = bytes;
	text->room = room;
	return true;
}

void text_puts(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
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

void text_number(struct text *text, uint64_t number)
{
	char room[DIGITS];
	const char *digits = digits_of(room, number);

	text_add(text, digits, room + DIGITS - digits);
}

void text_hex(struct text *text, uint64_t number)
{
	char room[DIGITS];
	const char *digits = hex_digits_of(room, number);

	text_add(text, digits, room + DIGITS - digits);
}

void text_free(struct text *text)
{
	free(text->bytes);
	*text = (struct text){ 0 };
}

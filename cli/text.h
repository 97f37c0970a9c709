/* SPDX-License-Identifier: GPL-2.0-only */
/* Text that grows. What stdio does for a stream, and reads in a format, costs more than a cell does. */
#ifndef DMAOWN_CLI_TEXT_H
#define DMAOWN_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *bytes;
	size_t length;
	size_t room;
	bool failed;		/* there was no memory: something is missing */
};

void text_add(struct text *text, const char *bytes, size_t length);
void text_fill(struct text *text, char byte, size_t times);
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

// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "id.h"

#define ID_DIGITS 16

bool id_parse(const char *text, uint64_t *number, unsigned int *digits)
{
	size_t length;
	char *end;

	if (strncmp(text, "0x", 2))
		return false;
	text += 2;
	length = strlen(text);
	if (!isxdigit((unsigned char)*text) || length > ID_DIGITS)
		return false;
	*number = strtoull(text, &end, 16);
	*digits = length;
	return !*end;
}

bool id_matches(uint64_t number, unsigned int digits, uint64_t id)
{
	char wanted[ID_DIGITS + 1], text[ID_DIGITS + 1];

	snprintf(wanted, sizeof(wanted), "%0*" PRIx64, (int)digits, number);
	snprintf(text, sizeof(text), "%" PRIx64, id);
	return number == id || !strncmp(text, wanted, digits);
}

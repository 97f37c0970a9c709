/* SPDX-License-Identifier: GPL-2.0-only */
/* IDs as users name them: in full or abbreviated to their first digits. */
#ifndef DMAOWN_CLI_QUERY_ID_H
#define DMAOWN_CLI_QUERY_ID_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Parse "0x" and 1 to 16 hexadecimal digits.
 * @digits: set to the number of digits, with leading zeros
 */
bool id_parse(const char *text, uint64_t *number, unsigned int *digits);

/* Is the ID this number, or does it begin with these digits? */
bool id_matches(uint64_t number, unsigned int digits, uint64_t id);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Decimal numbers, as users write them. */
#ifndef DMAOWN_CLI_HOST_NUMBER_H
#define DMAOWN_CLI_HOST_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Parse digits and nothing else. Return: false if text is something else or exceeds max. */
bool number_parse(const char *text, uint64_t max, uint64_t *number);

/* Return: a number from 1 to 2^32 - 1, or 0 if text is something else. */
uint32_t pid_parse(const char *text);

#endif

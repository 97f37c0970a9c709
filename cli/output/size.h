/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_CLI_OUTPUT_SIZE_H
#define DMAOWN_CLI_OUTPUT_SIZE_H

#include <stddef.h>
#include <stdint.h>

#include "strbuf.h"

/*
 * Format bytes for people: 512B, 4K, 1.5G. Units are powers of 1024, with at most one decimal.
 * Return: a pointer into text, not always to its beginning.
 */
#define SIZE_TEXT (DIGITS + sizeof(".0B"))
const char *size_format(char text[SIZE_TEXT], uint64_t bytes);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_CLI_SIZE_H
#define DMAOWN_CLI_SIZE_H

#include <stddef.h>
#include <stdint.h>

#include "text.h"

/*
 * Bytes as people read them: 512B, 4K, 1.5G. Powers of 1024, at most one decimal. It is in text, but
 * need not begin there.
 */
#define SIZE_TEXT	(DIGITS + sizeof(".0B"))
const char *size_format(char text[SIZE_TEXT], uint64_t bytes);

#endif

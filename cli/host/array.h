/* SPDX-License-Identifier: GPL-2.0-only */
/* Growing arrays. */
#ifndef DMAOWN_CLI_HOST_ARRAY_H
#define DMAOWN_CLI_HOST_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

/* Make room for at least needed items of size bytes; room doubles. Return: false without memory. */
bool array_grow(void **items, size_t *room, size_t needed, size_t size);

#endif

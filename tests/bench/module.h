/* SPDX-License-Identifier: GPL-2.0-only */
/* Loads and unloads dmaown.ko, and measures its size. */
#ifndef MODULE_H
#define MODULE_H

#include <stdbool.h>
#include <stdint.h>

/* Loads dmaown.ko if @wanted, otherwise unloads it. Does nothing if that is already the case. */
void module_load(bool wanted);

/* Return: the memory of a loaded module, and the size of the file dmaown.ko, in bytes. */
uint64_t module_size(const char *name);
uint64_t module_file_size(void);

#endif

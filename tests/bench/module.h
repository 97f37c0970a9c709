/* SPDX-License-Identifier: GPL-2.0-only */
/* dmaown.ko, as the machine has it loaded. */
#ifndef MODULE_H
#define MODULE_H

#include <stdbool.h>
#include <stdint.h>

/* Loads or unloads it, unless it is so already. */
void module_load(bool wanted);

/* What a module that is loaded takes, and its file, in bytes. */
uint64_t module_size(const char *name);
uint64_t module_file_size(void);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Sections of an ELF file that is in memory. */
#ifndef LAYOUT_SECTION_H
#define LAYOUT_SECTION_H

#include <libelf.h>

#include "blob.h"

/* NULL where FILE is no ELF. It is to live as long as what is returned, which elf_end() ends. */
struct Elf *section_open(const struct blob *file);

/* The bytes of section NAME, NULL where there is none or its bytes are in another file. */
const void *section_find(struct Elf *elf, const char *name, size_t *size);

#endif

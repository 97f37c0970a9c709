/* SPDX-License-Identifier: GPL-2.0 */
/* Sections of an ELF file in memory. */
#ifndef LAYOUT_SECTION_H
#define LAYOUT_SECTION_H

#include <libelf.h>

#include "blob.h"

/*
 * Return: the ELF file, or NULL if FILE is none. The caller must keep FILE until it has called
 * elf_end() on the result.
 */
struct Elf *section_open(const struct blob *file);

/* Return: the bytes of section NAME, or NULL if there is none or its bytes are in another file. */
const void *section_find(struct Elf *elf, const char *name, size_t *size);

#endif

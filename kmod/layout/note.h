/* SPDX-License-Identifier: GPL-2.0 */
/* Finds the build ID among ELF notes. */
#ifndef LAYOUT_NOTE_H
#define LAYOUT_NOTE_H

#include <stdbool.h>
#include <stddef.h>

struct build_id {
	size_t length; /* in bytes; 0: no build ID */
	unsigned char bytes[32];
};

/*
 * Reads the NT_GNU_BUILD_ID note from DATA: a section of notes, or a notes file of sysfs. Return:
 * true if found.
 */
bool note_build_id(struct build_id *id, const void *data, size_t size);

#endif

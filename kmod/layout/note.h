/* SPDX-License-Identifier: GPL-2.0 */
/* The build id among ELF notes. */
#ifndef LAYOUT_NOTE_H
#define LAYOUT_NOTE_H

#include <stdbool.h>
#include <stddef.h>

struct build_id {
	size_t length;		/* 0: none */
	unsigned char bytes[32];
};

/* The NT_GNU_BUILD_ID note of those in DATA: a section of notes, or a notes file of sysfs. */
bool note_build_id(struct build_id *id, const void *data, size_t size);

#endif

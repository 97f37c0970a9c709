// SPDX-License-Identifier: GPL-2.0
#include <elf.h>
#include <string.h>

#include "note.h"

static size_t align4(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

bool note_build_id(struct build_id *id, const void *data, size_t size)
{
	const unsigned char *at = data;
	Elf64_Nhdr note; /* same layout as Elf32_Nhdr */

	while (size >= sizeof(note)) {
		const unsigned char *name = at + sizeof(note), *desc;
		size_t whole;

		memcpy(&note, at, sizeof(note));
		desc = name + align4(note.n_namesz);
		whole = sizeof(note) + align4(note.n_namesz) + align4(note.n_descsz);
		if (whole > size)
			break;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof(ELF_NOTE_GNU) &&
		    !memcmp(name, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) && note.n_descsz &&
		    note.n_descsz <= sizeof(id->bytes)) {
			id->length = note.n_descsz;
			memcpy(id->bytes, desc, id->length);
			return true;
		}
		at += whole;
		size -= whole;
	}
	return false;
}

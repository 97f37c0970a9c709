// SPDX-License-Identifier: GPL-2.0
#include <gelf.h>
#include <string.h>

#include "section.h"

struct Elf *section_open(const struct blob *file)
{
	struct Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_memory((char *)file->data, file->size);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		return elf;
	elf_end(elf);
	return NULL;
}

const void *section_find(struct Elf *elf, const char *name, size_t *size)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		const char *found;
		Elf_Data *data;
		GElf_Shdr head;

		if (!gelf_getshdr(section, &head) || head.sh_type == SHT_NOBITS)
			continue;
		found = elf_strptr(elf, names, head.sh_name);
		if (!found || strcmp(found, name))
			continue;
		data = elf_rawdata(section, NULL);
		if (!data || !data->d_buf)
			return NULL;
		*size = data->d_size;
		return data->d_buf;
	}
	return NULL;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finds things in BTF by name. The split BTF is searched before its base: a module's own definition
 * takes precedence, and types that the kernel shares with it are in the base.
 *
 * On a wrong base the IDs and names in split BTF are arbitrary or invalid. All functions here cope
 * with that.
 */
#ifndef LAYOUT_LOOKUP_H
#define LAYOUT_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include <bpf/btf.h>

struct member {
	uint32_t type;
	uint32_t offset; /* in bits, from the start of the struct that was searched */
	uint32_t width;	 /* in bits, of a bit field; 0 for others */
};

/*
 * Return: true if split BTF was made for the base that it was read with. Offsets of its own strings
 * continue those of the base, so on another base its names begin in the middle of strings.
 */
bool lookup_fits(const struct btf *btf);

/* Return: the ID of the type behind typedefs and qualifiers; 0 is void; -1 if there is none. */
int lookup_plain(const struct btf *btf, uint32_t id);

/* Return: the name of a type or member; "" if it is anonymous or there is no such name. */
const char *lookup_name(const struct btf *btf, uint32_t offset);

/* Return: the ID of struct NAME, 0 if there is none. */
uint32_t lookup_struct(const struct btf *btf, const char *name);

/* Finds the member at PATH, which ends at NUL or '|', in struct ID. Return: true if found. */
bool lookup_member(const struct btf *btf, uint32_t id, const char *path, struct member *member);

/* Return: true if there is an enum NAME. */
bool lookup_enum(const struct btf *btf, const char *name);

/*
 * Finds the enumerator VALUE of enum NAME, or of any anonymous enum if NAME is NULL. Return: true
 * if found.
 */
bool lookup_value(const struct btf *btf, const char *name, const char *value, int64_t *number);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finding things in BTF by name. Split BTF is searched before its base: a module's own definition
 * counts, and what the kernel shares with it stands in the base.
 *
 * Read against the wrong base, split BTF has IDs and names that lead anywhere or nowhere. Nothing
 * here takes it for granted that they lead somewhere.
 */
#ifndef LAYOUT_LOOKUP_H
#define LAYOUT_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include <bpf/btf.h>

struct member {
	uint32_t type;
	uint32_t offset;	/* in bits, from the struct that was asked */
	uint32_t width;		/* in bits, of a bit field; else 0 */
};

/*
 * Whether split BTF was made on its base: its own strings are counted on from the base's, so on
 * another base its names begin in the middle of strings.
 */
bool lookup_fits(const struct btf *btf);

/* The type behind typedefs and qualifiers: 0 is void, -1 is none. */
int lookup_plain(const struct btf *btf, uint32_t id);

/* The name of a type or member; "" for an anonymous one, or where there is none. */
const char *lookup_name(const struct btf *btf, uint32_t offset);

/* The ID of struct NAME, 0 if there is none. */
uint32_t lookup_struct(const struct btf *btf, const char *name);

/* The member at PATH (lengths up to the end or a '|') in struct ID. */
bool lookup_member(const struct btf *btf, uint32_t id, const char *path, struct member *member);

bool lookup_enum(const struct btf *btf, const char *name);

/* The enumerator VALUE of enum NAME, or of any anonymous enum if NAME is NULL. */
bool lookup_value(const struct btf *btf, const char *name, const char *value, int64_t *number);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Finds in BTF what the tables in wanted.c list, and checks it. */
#ifndef LAYOUT_FIND_H
#define LAYOUT_FIND_H

#include <stdbool.h>
#include <stdint.h>

#include <bpf/btf.h>

#include "wanted.h"

struct found_member {
	bool present;
	uint32_t offset; /* in bits */
	uint32_t size;	 /* in bytes */
	bool bit_field;
	bool is_signed; /* for an enum */
};

struct found_struct {
	bool present;
	uint32_t size;
	struct found_member members[WANTED_MEMBERS];
};

struct found_value {
	bool present;
	int64_t number;
};

struct found_enum {
	bool present;
	struct found_value values[WANTED_VALUES];
};

/* Each entry has the same index as its entry in the tables. */
struct found {
	const struct wanted *wanted;
	struct found_struct structs[WANTED_STRUCTS];
	struct found_enum enums[WANTED_ENUMS];
};

/*
 * Fills FOUND from BTF. Return: 0, or -1 with a sentence that names the struct, the member, what
 * was expected and what was found.
 */
int find(struct found *found, const struct wanted *wanted, const struct btf *btf);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* What the tables want, found in BTF and checked. */
#ifndef LAYOUT_FIND_H
#define LAYOUT_FIND_H

#include <stdbool.h>
#include <stdint.h>

#include <bpf/btf.h>

#include "wanted.h"

struct found_member {
	bool there;
	uint32_t offset;	/* in bits */
	uint32_t size;		/* in bytes */
	bool bit_field;
	bool is_signed;		/* of an enum */
};

struct found_struct {
	bool there;
	uint32_t size;
	struct found_member members[WANTED_MEMBERS];
};

struct found_value {
	bool there;
	int64_t number;
};

struct found_enum {
	bool there;
	struct found_value values[WANTED_VALUES];
};

/* Each entry belongs to the one with the same index in the tables. */
struct found {
	const struct wanted *wanted;
	struct found_struct structs[WANTED_STRUCTS];
	struct found_enum enums[WANTED_ENUMS];
};

/* Returns 0, or -1 with the sentence that names struct, member, what was expected and found. */
int find(struct found *found, const struct wanted *wanted, const struct btf *btf);

#endif

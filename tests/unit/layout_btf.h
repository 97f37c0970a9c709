/* SPDX-License-Identifier: GPL-2.0 */
/* BTF made up from the tables of kmod/layout, whole or with something wrong in it. */
#ifndef LAYOUT_BTF_H
#define LAYOUT_BTF_H

#include <stdbool.h>
#include <stdint.h>

#include <bpf/btf.h>

#include "wanted.h"

/* Something that is not as the tables have it. A list of these ends with one without a name. */
struct doctored {
	const char *name;	/* "struct.member", a struct, an enum, or an enumerator */
	bool dropped;
	const char *type;	/* in place of the member's own */
	uint32_t offset;	/* in bytes; 0: where it comes */
	uint32_t width;		/* in bits: make it a bit field */
};

struct made {
	struct btf *base;
	struct btf *split;
};

/*
 * An old kernel has the last of a member's names and nothing that is optional, a new one the first
 * and everything; and in a new one the structs and enums of the tables' first half are in the base.
 */
void made_of(struct made *made, const struct wanted *wanted, bool is_new,
	     const struct doctored *doctored);

void made_free(struct made *made);

/* The ID of a type as the tables write it, added to BTF if need be. */
int made_type(struct btf *btf, const char *type);

#endif

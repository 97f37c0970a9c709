/* SPDX-License-Identifier: GPL-2.0 */
/* Makes BTF from the tables of kmod/layout, complete or with errors in it. */
#ifndef LAYOUT_BTF_H
#define LAYOUT_BTF_H

#include <stdbool.h>
#include <stdint.h>

#include <bpf/btf.h>

#include "wanted.h"

/* A difference from the tables. A list of these ends with one without a name. */
struct doctored {
	const char *name; /* "struct.member", a struct, an enum, or an enumerator */
	bool dropped;
	const char *type; /* in place of the member's own; NULL: its own */
	uint32_t offset;  /* in bytes; 0: after the member before it */
	uint32_t width;	  /* in bits, of a bit field; 0: no bit field */
};

struct made {
	struct btf *base;
	struct btf *split;
};

/*
 * Makes the BTF of an old or a new kernel. An old kernel has the last of a member's names and
 * nothing that is optional. A new one has the first name and everything, and the first half of the
 * structs and all enums are in the base.
 */
void made_of(struct made *made, const struct wanted *wanted, bool is_new,
	     const struct doctored *doctored);

void made_free(struct made *made);

/* Return: the ID of a type that is written as in the tables. Adds it to BTF if it is missing. */
int made_type(struct btf *btf, const char *type);

#endif

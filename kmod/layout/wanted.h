/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module needs to know of structs that are private to iommufd and VFIO: the tables in
 * wanted.c. One more member is one more line there.
 *
 * A type is written as it stands in the generated struct. What is looked for in the BTF is what the
 * type comes down to: size_t is an unsigned integer of the size of a pointer, refcount_t is struct
 * refcount_struct. A pointer to, or a member of, a struct of these tables becomes one to its
 * layout_ twin. "bool" is a bool or a bit field of one.
 *
 * A name is a path ("dmabuf.start", generated as dmabuf_start) through named structs; anonymous
 * ones are looked into without being named. "new|old" is one member that kernels call by different
 * names; the generated struct has the first.
 *
 * Everything has to be there, except with
 *	.optional	there or not
 *	.with		there when the member "struct.member" is, and not looked for when it is not
 *	.unless		there when that member is not, and an error when both are
 * where that member stands earlier in the tables. Each of these gets a LAYOUT_HAS_ macro.
 */
#ifndef LAYOUT_WANTED_H
#define LAYOUT_WANTED_H

#include <stdbool.h>

#define WANTED_MEMBERS	20
#define WANTED_STRUCTS	16
#define WANTED_VALUES	8
#define WANTED_ENUMS	4

struct wanted_when {
	bool optional;
	const char *with;
	const char *unless;
};

struct wanted_member {
	const char *name;
	const char *type;
	struct wanted_when when;
};

struct wanted_struct {
	const char *name;
	struct wanted_when when;
	struct wanted_member members[WANTED_MEMBERS + 1];
};

struct wanted_value {
	const char *name;
	struct wanted_when when;
};

/* Without a name: the values are looked for in all anonymous enums. */
struct wanted_enum {
	const char *name;
	struct wanted_when when;
	struct wanted_value values[WANTED_VALUES + 1];
};

/* A module of the kernel's, or the part of the kernel that the module is when built in. */
struct wanted {
	const char *name;
	const char *path;	/* below the kernel's tree, without .ko */
	const char *mark;	/* a struct of its own code alone: built in where the kernel has it */
	const char *config;	/* what builds it, without CONFIG_ */
	bool optional;
	struct wanted_struct structs[WANTED_STRUCTS + 1];
	struct wanted_enum enums[WANTED_ENUMS + 1];
};

enum {
	WANTED_IOMMUFD,
	WANTED_VFIO,
	WANTED_TYPE1,
	WANTED_COUNT,
};

extern const struct wanted wanted[WANTED_COUNT];

/* Whether struct NAME is one of the tables', and so has a layout_ twin. */
bool wanted_is_private(const char *name);

/* Whether anything of it may be missing, and so needs a LAYOUT_HAS_ macro. */
bool wanted_may_miss(const struct wanted_when *when);

#endif

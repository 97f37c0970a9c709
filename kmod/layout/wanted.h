/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tables in wanted.c: everything that the module needs to know about structs that are private
 * to iommufd and VFIO. To add a member, add a line there.
 *
 * A type is written as the generated struct has it. The BTF is searched for what the type resolves
 * to: size_t is an unsigned integer of the size of a pointer, refcount_t is struct refcount_struct.
 * If a struct of these tables is the type of a member, or a member points to it, the generated
 * struct has its layout_ twin. "bool" is a bool or a bit field of one bit of type bool.
 *
 * A name is a path ("dmabuf.start", generated as dmabuf_start) through named structs. Anonymous
 * structs are searched without being named. "new|old" is one member that has different names in
 * different kernels; the generated struct uses the first.
 *
 * Everything must be present, except with
 *	.optional	may be missing
 *	.with		must be present if the member "struct.member" is; not searched for if that
 *			is missing
 *	.unless		must be present if that member is missing; an error if both are present
 * The member in .with and .unless must be earlier in the tables. Each entry with one of the three
 * gets a LAYOUT_HAS_ macro.
 */
#ifndef LAYOUT_WANTED_H
#define LAYOUT_WANTED_H

#include <stdbool.h>

#define WANTED_MEMBERS 20
#define WANTED_STRUCTS 16
#define WANTED_VALUES  8
#define WANTED_ENUMS   4

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

/*
 * A struct with a header is public and gets no twin. Instead the generated header asserts that the
 * public header has the members at the same offsets: the module that is installed may have been
 * built outside the kernel's tree, with other options than the kernel's headers say.
 */
struct wanted_struct {
	const char *name;
	struct wanted_when when;
	const char *header;
	struct wanted_member members[WANTED_MEMBERS + 1];
};

struct wanted_value {
	const char *name;
	struct wanted_when when;
};

/* If name is NULL, all anonymous enums are searched for the values. */
struct wanted_enum {
	const char *name;
	struct wanted_when when;
	struct wanted_value values[WANTED_VALUES + 1];
};

/* A module of the kernel, or the same code built into the kernel. */
struct wanted {
	const char *name;
	const char *path;   /* in the kernel's tree, without .ko */
	const char *mark;   /* a struct that only this code has: in the kernel's BTF if built in */
	const char *config; /* the option that builds it, without CONFIG_ */
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

/*
 * Public structs whose members differ between kernels. The kernel's headers define them; the module
 * only needs to know which members they have, so only LAYOUT_HAS_ macros are generated.
 */
extern const struct wanted wanted_public;

/* Return: true if struct NAME is private and in the tables, and so has a layout_ twin. */
bool wanted_is_private(const char *name);

/* Return: true if an entry with WHEN may be missing, and so needs a LAYOUT_HAS_ macro. */
bool wanted_may_miss(const struct wanted_when *when);

#endif

// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout_btf.h"

#define WORD   8  /* alignment of each member, in bytes */
#define OPAQUE 24 /* size of a public struct, in bytes */

/* One half of the BTF: base or split. */
struct half {
	struct btf *btf;
	bool is_new;
	const struct doctored *doctored;
};

static int must(int id)
{
	if (id < 0) {
		fprintf(stderr, "making BTF: %s\n", strerror(-id));
		abort();
	}
	return id;
}

static int known(const struct btf *btf, const char *name, uint32_t kind)
{
	int id = btf__find_by_name_kind(btf, name, kind);

	return id > 0 ? id : 0;
}

static int make_int(struct btf *btf, const char *name, size_t size, int encoding)
{
	int id = known(btf, name, BTF_KIND_INT);

	return id ? id : must(btf__add_int(btf, name, size, encoding));
}

static int make_typedef(struct btf *btf, const char *name, const char *to)
{
	int id = known(btf, name, BTF_KIND_TYPEDEF);

	return id ? id : must(btf__add_typedef(btf, name, made_type(btf, to)));
}

static int make_forward(struct btf *btf, const char *name)
{
	int id = known(btf, name, BTF_KIND_FWD);

	return id ? id : must(btf__add_fwd(btf, name, BTF_FWD_STRUCT));
}

static int make_opaque(struct btf *btf, const char *name)
{
	int word = made_type(btf, "unsigned long");
	int id = known(btf, name, BTF_KIND_STRUCT);

	if (id)
		return id;
	id = must(btf__add_struct(btf, name, OPAQUE));
	must(btf__add_field(btf, "opaque", word, 0, 0));
	return id;
}

static int make_enum(struct btf *btf, const char *name)
{
	int id = known(btf, name, BTF_KIND_ENUM);

	return id ? id : must(btf__add_enum(btf, name, 4));
}

static int make_pointer(struct btf *btf, const char *to)
{
	char name[64];

	if (!strcmp(to, "void *"))
		return must(btf__add_ptr(btf, 0));
	if (!strcmp(to, "function *"))
		return must(btf__add_ptr(btf, must(btf__add_func_proto(btf, 0))));
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(to + 7, " "), to + 7);
	return must(btf__add_ptr(btf, must(btf__add_const(btf, make_forward(btf, name)))));
}

int made_type(struct btf *btf, const char *type)
{
	if (type[strlen(type) - 1] == '*')
		return make_pointer(btf, type);
	if (!strncmp(type, "struct ", 7))
		return make_opaque(btf, type + 7);
	if (!strncmp(type, "enum ", 5))
		return make_enum(btf, type + 5);
	if (!strcmp(type, "refcount_t"))
		return make_typedef(btf, type, "struct refcount_struct");
	if (!strcmp(type, "wait_queue_head_t"))
		return make_typedef(btf, type, "struct wait_queue_head");
	if (!strcmp(type, "size_t"))
		return make_typedef(btf, type, "unsigned long");
	if (!strcmp(type, "u8"))
		return make_int(btf, "unsigned char", 1, 0);
	if (!strcmp(type, "bool"))
		return make_int(btf, "_Bool", 1, BTF_INT_BOOL);
	if (!strcmp(type, "int"))
		return make_int(btf, "int", 4, BTF_INT_SIGNED);
	if (!strcmp(type, "unsigned int"))
		return make_int(btf, "unsigned int", 4, 0);
	if (!strcmp(type, "unsigned long"))
		return make_int(btf, "long unsigned int", 8, 0);
	fprintf(stderr, "making BTF: this test does not know the type %s\n", type);
	abort();
}

static const struct doctored *doctor(const struct half *half, const char *of, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s%s%s", of, *of ? "." : "", name);
	for (const struct doctored *d = half->doctored; d && d->name; d++)
		if (!strcmp(d->name, path))
			return d;
	return NULL;
}

static bool is_present(const struct half *half, const struct wanted_when *when, const char *of,
		       const char *name)
{
	const struct doctored *d = doctor(half, of, name);

	/* A doctored entry that is not dropped is always present. */
	if (d)
		return !d->dropped;
	return half->is_new ? !when->unless : !when->optional && !when->with;
}

static void make_values(const struct half *half, const struct wanted_enum *want)
{
	for (int i = 0; want->values[i].name; i++)
		if (is_present(half, &want->values[i].when, "", want->values[i].name))
			must(btf__add_enum_value(half->btf, want->values[i].name, i + 1));
}

static void make_whole_enum(const struct half *half, const struct wanted_enum *want)
{
	if (want->name && !is_present(half, &want->when, "", want->name))
		return;
	must(btf__add_enum(half->btf, want->name, 4));
	make_values(half, want);
}

/* Makes the inner struct for "dmabuf.start", with start in its second word. */
static int make_inner(const struct half *half, const char *name, const char *type)
{
	int inner = made_type(half->btf, type), id;
	char tag[64];

	snprintf(tag, sizeof(tag), "inner_%.*s", (int)strcspn(name, "."), name);
	id = must(btf__add_struct(half->btf, tag, 2 * WORD));
	must(btf__add_field(half->btf, strchr(name, '.') + 1, inner, WORD * 8, 0));
	return id;
}

static int member_type(const struct half *half, const struct wanted_member *want,
		       const struct doctored *d)
{
	const char *type = d && d->type ? d->type : want->type;

	if (strchr(want->name, '.'))
		return make_inner(half, want->name, type);
	return made_type(half->btf, type);
}

static void member_name(const struct half *half, char name[64], const char *names)
{
	const char *last = strrchr(names, '|');

	if (!half->is_new && last)
		names = last + 1;
	snprintf(name, 64, "%.*s", (int)strcspn(names, "|."), names);
}

/* Makes a struct. Add all types first: the members must follow the struct immediately. */
static void make_struct(const struct half *half, const struct wanted_struct *want)
{
	const struct wanted_member *m = want->members;
	int types[WANTED_MEMBERS];
	uint32_t at = 0;

	if (!is_present(half, &want->when, "", want->name))
		return;
	for (int i = 0; m[i].name; i++)
		types[i] = member_type(half, &m[i], doctor(half, want->name, m[i].name));
	must(btf__add_struct(half->btf, want->name, 1024));
	for (int i = 0; m[i].name; i++) {
		const struct doctored *d = doctor(half, want->name, m[i].name);
		uint32_t offset = d && d->offset ? d->offset : at;
		char name[64];

		if (!is_present(half, &m[i].when, want->name, m[i].name))
			continue;
		member_name(half, name, m[i].name);
		must(btf__add_field(half->btf, name, types[i], offset * 8, d ? d->width : 0));
		at += (btf__resolve_size(half->btf, types[i]) + WORD - 1) / WORD * WORD;
	}
}

static int count_structs(const struct wanted *want)
{
	int n = 0;

	while (want->structs[n].name)
		n++;
	return n;
}

static void make_half(const struct half *half, const struct wanted *want, int from, int to)
{
	for (int i = from; i < to; i++)
		make_struct(half, &want->structs[i]);
}

void made_of(struct made *made, const struct wanted *want, bool is_new,
	     const struct doctored *doctored)
{
	int all = count_structs(want), in_base = is_new ? all / 2 : 0;
	struct half half = { .is_new = is_new, .doctored = doctored };

	half.btf = made->base = btf__new_empty();
	/* Add a type, so that the IDs of the split part do not begin right after void. */
	made_type(made->base, "struct task_struct");
	for (int i = 0; is_new && want->enums[i].values[0].name; i++)
		make_whole_enum(&half, &want->enums[i]);
	make_half(&half, want, 0, in_base);
	half.btf = made->split = btf__new_empty_split(made->base);
	for (int i = 0; !is_new && want->enums[i].values[0].name; i++)
		make_whole_enum(&half, &want->enums[i]);
	make_half(&half, want, in_base, all);
}

void made_free(struct made *made)
{
	btf__free(made->split);
	btf__free(made->base);
}

// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <string.h>

#include "emit.h"

/*
 * A generated struct is a union of its members. Each member follows as many bytes of padding as its
 * offset needs. Therefore members of unions in the kernel and members that the tables do not name
 * need no special treatment, and nothing that the compiler does to one member moves another.
 */

#define NAME 128

/* Name of a member in the header: wait_cnt for "wait_cnt|old", dmabuf_start for "dmabuf.start". */
static const char *member_name(char name[NAME], const char *wanted)
{
	snprintf(name, NAME, "%.*s", (int)strcspn(wanted, "|"), wanted);
	for (char *c = name; *c; c++)
		if (*c == '.')
			*c = '_';
	return name;
}

static const char *upper(char name[NAME], const char *lower)
{
	snprintf(name, NAME, "%s", lower);
	for (char *c = name; *c; c++)
		*c = toupper((unsigned char)*c);
	return name;
}

/* Writes the type and everything else before the member's name. */
static void emit_type(FILE *out, const struct found_member *m, const char *type)
{
	size_t length = strlen(type);
	bool pointer = type[length - 1] == '*';
	char name[NAME];

	if (!strncmp(type, "enum ", 5)) {
		fprintf(out, "%c%u ", m->is_signed ? 's' : 'u', m->size * 8);
		return;
	}
	if (strncmp(type, "struct ", 7)) {
		fprintf(out, "%s%s", type, pointer ? "" : " ");
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(type + 7, " "), type + 7);
	fprintf(out, "struct %s%s %s", wanted_is_private(name) ? "layout_" : "", name,
		pointer ? "*" : "");
}

static void emit_member(FILE *out, const struct found_member *m, const struct wanted_member *want)
{
	char name[NAME];

	member_name(name, want->name);
	fprintf(out, "\t\tstruct { ");
	if (m->offset / 8)
		fprintf(out, "char before_%s[%u]; ", name, m->offset / 8);
	if (m->offset % 8)
		fprintf(out, "u8 : %u; ", m->offset % 8);
	emit_type(out, m, want->type);
	fprintf(out, "%s%s; };\n", name, m->bit_field ? " : 1" : "");
}

/* Writes the assertions of a member. Skip bit fields: offsetof() and sizeof() refuse them. */
static void emit_check(FILE *out, const struct found_member *m, const char *of, const char *wanted)
{
	char name[NAME];

	if (m->bit_field)
		return;
	member_name(name, wanted);
	fprintf(out, "static_assert(offsetof(struct layout_%s, %s) == %u);\n", of, name,
		m->offset / 8);
	fprintf(out, "static_assert(sizeof_field(struct layout_%s, %s) == %u);\n", of, name,
		m->size);
}

static void emit_has(FILE *out, const struct wanted_when *when, const char *of, const char *name,
		     bool present)
{
	if (wanted_may_miss(when))
		fprintf(out, "#define LAYOUT_HAS_%s%s%s %d\n", of, *of ? "_" : "", name, present);
}

/*
 * Writes the assertions of a public struct. Skip bit fields: offsetof() refuses them. Skip all
 * under sparse, which lays out some of the kernel's structs differently.
 */
static void emit_public(FILE *out, const struct found_struct *s, const struct wanted_struct *want)
{
	fprintf(out, "#include <%s>\n#ifndef __CHECKER__\n", want->header);
	for (int i = 0; want->members[i].name; i++)
		if (s->members[i].present && !s->members[i].bit_field)
			fprintf(out,
				"static_assert(offsetof(struct %s, %s) == %u, \"the kernel's headers do not match what is installed\");\n",
				want->name, want->members[i].name, s->members[i].offset / 8);
	fprintf(out, "#endif\n");
}

/* Writes the LAYOUT_HAS_ macros of one struct. */
static void emit_struct_has(FILE *out, const struct found_struct *s,
			    const struct wanted_struct *want)
{
	const struct wanted_member *m = want->members;
	char name[NAME];

	fputs("\n", out);
	emit_has(out, &want->when, "", want->name, s->present);
	for (int i = 0; m[i].name; i++)
		emit_has(out, &m[i].when, want->name, member_name(name, m[i].name),
			 s->members[i].present);
}

static void emit_struct(FILE *out, const struct found_struct *s, const struct wanted_struct *want)
{
	const struct wanted_member *m = want->members;

	emit_struct_has(out, s, want);
	if (!s->present)
		return;
	if (want->header)
		return emit_public(out, s, want);
	fprintf(out, "struct layout_%s {\n\tunion {\n", want->name);
	for (int i = 0; m[i].name; i++)
		if (s->members[i].present)
			emit_member(out, &s->members[i], &m[i]);
	fprintf(out, "\t\tchar whole[%u];\n\t};\n};\n", s->size);
	fprintf(out, "static_assert(sizeof(struct layout_%s) == %u);\n", want->name, s->size);
	for (int i = 0; m[i].name; i++)
		if (s->members[i].present)
			emit_check(out, &s->members[i], want->name, m[i].name);
}

static void emit_enum(FILE *out, const struct found_enum *e, const struct wanted_enum *want)
{
	fputs("\n", out);
	if (want->name)
		emit_has(out, &want->when, "", want->name, e->present);
	for (int i = 0; want->values[i].name; i++)
		emit_has(out, &want->values[i].when, "", want->values[i].name,
			 e->values[i].present);
	if (!e->present)
		return;
	fputs("enum {\n", out);
	for (int i = 0; want->values[i].name; i++)
		if (e->values[i].present)
			fprintf(out, "\tLAYOUT_%s = %lld,\n", want->values[i].name,
				(long long)e->values[i].number);
	fputs("};\n", out);
}

static void emit_build_id(FILE *out, const char *name, const struct build_id *id)
{
	fprintf(out, "#define LAYOUT_%s_BUILD_ID \"", name);
	for (size_t i = 0; i < id->length; i++)
		fprintf(out, "%02x", id->bytes[i]);
	fprintf(out, "\"\n#define LAYOUT_%s_BUILD_ID_LEN %zu\n", name, id->length);
	fprintf(out, "#define LAYOUT_%s_BUILD_ID_BYTES {", name);
	for (size_t i = 0; i < id->length; i++)
		fprintf(out, "%s 0x%02x,", i % 10 ? "" : " \\\n\t", id->bytes[i]);
	fprintf(out, " }\n");
}

/* Writes the LAYOUT_ macros of one module. */
static void emit_source(FILE *out, const struct source *source, const struct wanted *want)
{
	char name[NAME];

	upper(name, want->name);
	fprintf(out, "\n#define LAYOUT_%s %d\n", name, source->btf ? 1 : 0);
	fprintf(out, "#define LAYOUT_%s_BUILTIN %d\n", name, source->builtin);
	emit_build_id(out, name, &source->id);
}

static void emit_head(FILE *out, const char *release, const struct source *kernel,
		      const struct source modules[WANTED_COUNT])
{
	fprintf(out,
		"/* SPDX-License-Identifier: GPL-2.0 */\n"
		"/*\n"
		" * Generated by the layout program; do not edit. Made from the BTF in\n"
		" *\tkernel\t%s\n",
		kernel->path);
	for (int i = 0; i < WANTED_COUNT; i++)
		fprintf(out, " *\t%s\t%s\n", wanted[i].name,
			modules[i].left_out ? "left out" :
			!modules[i].btf	    ? "not found" :
			modules[i].builtin  ? "built into the kernel" :
					      modules[i].path);
	fprintf(out,
		" */\n"
		"#ifndef LAYOUT_GENERATED_H\n"
		"#define LAYOUT_GENERATED_H\n"
		"\n"
		"#include <linux/build_bug.h>\n"
		"#include <linux/interval_tree.h>\n"
		"#include <linux/kref.h>\n"
		"#include <linux/mutex.h>\n"
		"#include <linux/rbtree.h>\n"
		"#include <linux/refcount.h>\n"
		"#include <linux/rwsem.h>\n"
		"#include <linux/stddef.h>\n"
		"#include <linux/types.h>\n"
		"#include <linux/wait.h>\n"
		"#include <linux/xarray.h>\n"
		"\n"
		"#define LAYOUT_KERNEL \"%s\"\n",
		release);
}

void emit(FILE *out, const char *release, const struct source *kernel, const struct found *public,
	  const struct source modules[WANTED_COUNT], const struct found found[WANTED_COUNT])
{
	emit_head(out, release, kernel, modules);
	for (int i = 0; wanted_public.structs[i].name; i++)
		emit_struct_has(out, &public->structs[i], &wanted_public.structs[i]);
	for (int i = 0; i < WANTED_COUNT; i++) {
		const struct wanted *want = &wanted[i];

		emit_source(out, &modules[i], want);
		if (!modules[i].btf)
			continue;
		for (int j = 0; want->structs[j].name; j++)
			emit_struct(out, &found[i].structs[j], &want->structs[j]);
		for (int j = 0; want->enums[j].values[0].name; j++)
			emit_enum(out, &found[i].enums[j], &want->enums[j]);
	}
	fprintf(out, "\n#endif\n");
}

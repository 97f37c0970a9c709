// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "complain.h"
#include "find.h"
#include "lookup.h"
#include "words.h"

struct finding {
	struct found *found;
	const struct btf *btf;
};

enum need {
	NEED_PRESENT, /* an error if missing */
	NEED_EITHER,  /* present or missing */
	NEED_MISSING, /* an error if present */
	NEED_IGNORED, /* do not search for it */
};

/* Return: true if PATH ("struct.member"), which is earlier in the tables, was found. */
static bool has_member(const struct found *found, const char *path)
{
	size_t length = strcspn(path, ".");
	const struct wanted_struct *s = found->wanted->structs;

	for (int i = 0; s[i].name; i++) {
		if (strlen(s[i].name) != length || strncmp(s[i].name, path, length))
			continue;
		for (int j = 0; s[i].members[j].name; j++)
			if (!strcmp(s[i].members[j].name, path + length + 1))
				return found->structs[i].members[j].present;
	}
	return false;
}

static enum need need_of(const struct found *found, const struct wanted_when *when)
{
	if (when->with)
		return has_member(found, when->with) ? NEED_PRESENT : NEED_IGNORED;
	if (when->unless)
		return has_member(found, when->unless) ? NEED_MISSING : NEED_PRESENT;
	return when->optional ? NEED_EITHER : NEED_PRESENT;
}

/* Finds a member by the first of NAMES ("new|old") that the struct has. */
static bool lookup_any(const struct btf *btf, uint32_t id, const char *names, struct member *member)
{
	while (!lookup_member(btf, id, names, member)) {
		names = strchr(names, '|');
		if (!names++)
			return false;
	}
	return true;
}

static void keep_member(struct found_member *kept, const struct btf *btf, const struct member *m)
{
	int plain = lookup_plain(btf, m->type);
	const struct btf_type *t = btf__type_by_id(btf, plain);
	long long size = btf__resolve_size(btf, plain);

	kept->present = true;
	kept->offset = m->offset;
	kept->size = size;
	kept->bit_field = m->width;
	kept->is_signed = btf_is_any_enum(t) && btf_kflag(t);
}

static int find_member(const struct finding *f, struct found_member *kept, const char *of,
		       uint32_t id, const struct wanted_member *want)
{
	enum need need = need_of(f->found, &want->when);
	char expected[WORDS], actual[WORDS];
	struct member m;

	if (need == NEED_IGNORED)
		return 0;
	words_wanted(expected, want->type, btf__pointer_size(f->btf));
	if (!lookup_any(f->btf, id, want->name, &m)) {
		if (need == NEED_PRESENT)
			return complain("%s.%s: expected %s, found no such member", of, want->name,
					expected);
		return 0;
	}
	words_found(actual, f->btf, &m);
	if (need == NEED_MISSING)
		return complain("%s.%s: expected none beside %s, found %s", of, want->name,
				want->when.unless, actual);
	if (strcmp(expected, actual))
		return complain("%s.%s: expected %s, found %s", of, want->name, expected, actual);
	if (m.offset % 8 && !m.width)
		return complain("%s.%s: expected an offset in whole bytes, found bit %u", of,
				want->name, m.offset);
	keep_member(kept, f->btf, &m);
	return 0;
}

static int find_struct(const struct finding *f, struct found_struct *kept,
		       const struct wanted_struct *want)
{
	enum need need = need_of(f->found, &want->when);
	uint32_t id;

	if (need == NEED_IGNORED)
		return 0;
	id = lookup_struct(f->btf, want->name);
	if (!id && need == NEED_PRESENT)
		return complain("struct %s: expected its definition, found none", want->name);
	if (!id)
		return 0;
	kept->present = true;
	kept->size = btf__type_by_id(f->btf, id)->size;
	for (int i = 0; want->members[i].name; i++)
		if (find_member(f, &kept->members[i], want->name, id, &want->members[i]))
			return -1;
	return 0;
}

static int find_value(const struct finding *f, struct found_value *kept, const char *of,
		      const struct wanted_value *want)
{
	enum need need = need_of(f->found, &want->when);

	if (need == NEED_IGNORED)
		return 0;
	kept->present = lookup_value(f->btf, of, want->name, &kept->number);
	if (!kept->present && need == NEED_PRESENT)
		return complain("%s%s: expected an enumerator %s, found none",
				of ? "enum " : "anonymous enums", of ? of : "", want->name);
	return 0;
}

static int find_enum(const struct finding *f, struct found_enum *kept,
		     const struct wanted_enum *want)
{
	enum need need = need_of(f->found, &want->when);

	if (need == NEED_IGNORED)
		return 0;
	kept->present = !want->name || lookup_enum(f->btf, want->name);
	if (!kept->present && need == NEED_PRESENT)
		return complain("enum %s: expected its definition, found none", want->name);
	for (int i = 0; kept->present && want->values[i].name; i++)
		if (find_value(f, &kept->values[i], want->name, &want->values[i]))
			return -1;
	return 0;
}

int find(struct found *found, const struct wanted *want, const struct btf *btf)
{
	struct finding f = { found, btf };

	memset(found, 0, sizeof(*found));
	found->wanted = want;
	for (int i = 0; want->structs[i].name; i++)
		if (find_struct(&f, &found->structs[i], &want->structs[i]))
			return -1;
	for (int i = 0; want->enums[i].values[0].name; i++)
		if (find_enum(&f, &found->enums[i], &want->enums[i]))
			return -1;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "lookup.h"

/* Qualifiers and anonymous structs do not nest deeper, unless the IDs form a cycle. */
#define DEPTH 16

typedef bool (*match_fn)(const struct btf *btf, const struct btf_type *t, const void *what);

bool lookup_fits(const struct btf *btf)
{
	const struct btf *base = btf__base_btf(btf);
	const struct btf_header *head;
	uint32_t size;

	head = btf__raw_data(base, &size);
	for (uint32_t id = btf__type_cnt(base); id < btf__type_cnt(btf); id++) {
		uint32_t offset = btf__type_by_id(btf, id)->name_off;
		const char *name = btf__name_by_offset(btf, offset);

		if (!name || (offset && offset != head->str_len && name[-1]))
			return false;
	}
	return true;
}

int lookup_plain(const struct btf *btf, uint32_t id)
{
	for (int depth = 0; depth < DEPTH; depth++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		if (!t)
			return -1;
		if (!btf_is_mod(t) && !btf_is_typedef(t) && !btf_is_type_tag(t))
			return id;
		id = t->type;
	}
	return -1;
}

const char *lookup_name(const struct btf *btf, uint32_t offset)
{
	const char *name = btf__name_by_offset(btf, offset);

	return name ? name : "";
}

static uint32_t search_range(const struct btf *btf, uint32_t id, uint32_t end, match_fn match,
			     const void *what)
{
	for (; id < end; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		if (t && match(btf, t, what))
			return id;
	}
	return 0;
}

static uint32_t search(const struct btf *btf, match_fn match, const void *what)
{
	const struct btf *base = btf__base_btf(btf);
	uint32_t own = base ? btf__type_cnt(base) : 1;
	uint32_t id = search_range(btf, own, btf__type_cnt(btf), match, what);

	return id ? id : search_range(btf, 1, own, match, what);
}

static bool match_struct(const struct btf *btf, const struct btf_type *t, const void *name)
{
	return btf_is_struct(t) && !strcmp(lookup_name(btf, t->name_off), name);
}

uint32_t lookup_struct(const struct btf *btf, const char *name)
{
	return search(btf, match_struct, name);
}

static bool search_member(const struct btf *btf, uint32_t id, const char *name, size_t length,
			  uint32_t offset, int depth, struct member *member)
{
	int plain = lookup_plain(btf, id);
	const struct btf_type *t = plain > 0 ? btf__type_by_id(btf, plain) : NULL;
	const struct btf_member *m;

	if (!t || !btf_is_composite(t) || depth == DEPTH)
		return false;
	m = btf_members(t);
	for (int i = 0; i < btf_vlen(t); i++, m++) {
		const char *found = lookup_name(btf, m->name_off);
		uint32_t at = offset + btf_member_bit_offset(t, i);

		if (strlen(found) == length && !strncmp(found, name, length)) {
			*member = (struct member){ m->type, at, btf_member_bitfield_size(t, i) };
			return true;
		}
		if (!*found && search_member(btf, m->type, name, length, at, depth + 1, member))
			return true;
	}
	return false;
}

bool lookup_member(const struct btf *btf, uint32_t id, const char *path, struct member *member)
{
	*member = (struct member){ .type = id };
	for (;;) {
		size_t length = strcspn(path, ".|");

		if (member->width ||
		    !search_member(btf, member->type, path, length, member->offset, 0, member))
			return false;
		path += length;
		if (*path != '.')
			return true;
		path++;
	}
}

static bool match_enum(const struct btf *btf, const struct btf_type *t, const void *name)
{
	return btf_is_any_enum(t) && !strcmp(lookup_name(btf, t->name_off), name);
}

bool lookup_enum(const struct btf *btf, const char *name)
{
	return search(btf, match_enum, name);
}

/* Sets NUMBER to the value of enumerator NAME of enum T. Return: true if found. */
static bool value_of(const struct btf *btf, const struct btf_type *t, const char *name,
		     int64_t *number)
{
	for (int i = 0; i < btf_vlen(t); i++) {
		if (btf_is_enum64(t)) {
			const struct btf_enum64 *e = btf_enum64(t) + i;

			*number = (int64_t)btf_enum64_value(e);
			if (!strcmp(lookup_name(btf, e->name_off), name))
				return true;
		} else {
			const struct btf_enum *e = btf_enum(t) + i;

			*number = btf_kflag(t) ? e->val : (int64_t)(uint32_t)e->val;
			if (!strcmp(lookup_name(btf, e->name_off), name))
				return true;
		}
	}
	return false;
}

struct value {
	const char *of;
	const char *name;
	int64_t *number;
};

static bool match_value(const struct btf *btf, const struct btf_type *t, const void *what)
{
	const struct value *value = what;

	return match_enum(btf, t, value->of) && value_of(btf, t, value->name, value->number);
}

bool lookup_value(const struct btf *btf, const char *name, const char *value, int64_t *number)
{
	struct value what = { name ? name : "", value, number };

	return search(btf, match_value, &what);
}

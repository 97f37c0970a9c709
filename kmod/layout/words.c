// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "words.h"

/* The types in the tables that are not written as a struct, enum or pointer. */
static const struct plain {
	const char *type;
	const char *is; /* in words; NULL: an integer, with */
	size_t size;	/* in bytes; 0: the size of a pointer */
	bool is_signed;
} plains[] = { { "bool", "a bool" },
	       { "char", NULL, 1 },
	       { "dma_addr_t", NULL, 8 },
	       { "function", "a function" },
	       { "int", NULL, 4, true },
	       { "refcount_t", "struct refcount_struct" },
	       { "size_t" },
	       { "u8", NULL, 1 },
	       { "unsigned int", NULL, 4 },
	       { "unsigned long" },
	       { "wait_queue_head_t", "struct wait_queue_head" },
	       {} };

static void words_integer(char words[WORDS], size_t size, bool is_signed)
{
	snprintf(words, WORDS, "%s integer of %zu byte%s", is_signed ? "a signed" : "an unsigned",
		 size, size == 1 ? "" : "s");
}

static void words_plain(char words[WORDS], const struct plain *p, size_t pointer_size)
{
	if (p->is)
		snprintf(words, WORDS, "%s", p->is);
	else
		words_integer(words, p->size ? p->size : pointer_size, p->is_signed);
}

void words_wanted(char words[WORDS], const char *type, size_t pointer_size)
{
	size_t length = strlen(type);
	char pointee[WORDS], to[WORDS];

	for (const struct plain *p = plains; p->type; p++)
		if (!strcmp(p->type, type))
			return words_plain(words, p, pointer_size);
	if (length > 2 && !strcmp(type + length - 2, " *")) {
		snprintf(pointee, sizeof(pointee), "%.*s", (int)length - 2, type);
		words_wanted(to, pointee, pointer_size);
		snprintf(words, WORDS, "a pointer to %.200s", to);
	} else {
		snprintf(words, WORDS, "%s", type);
	}
}

/* Prints "struct foo" or "an anonymous struct". */
static void words_named(char words[WORDS], const char *kind, const char *name)
{
	if (*name)
		snprintf(words, WORDS, "%s %s", kind, name);
	else
		snprintf(words, WORDS, "an anonymous %s", kind);
}

static void words_type(char words[WORDS], const struct btf *btf, uint32_t id)
{
	int plain = lookup_plain(btf, id);
	const struct btf_type *t = plain < 0 ? NULL : btf__type_by_id(btf, plain);
	const char *name = t ? lookup_name(btf, t->name_off) : "";
	char to[WORDS];

	if (!t) {
		snprintf(words, WORDS, "a type that this BTF does not have");
		return;
	}
	switch (btf_kind(t)) {
	case BTF_KIND_UNKN:
		snprintf(words, WORDS, "void");
		break;
	case BTF_KIND_INT:
		if (btf_int_encoding(t) & BTF_INT_BOOL)
			snprintf(words, WORDS, "a bool");
		else
			words_integer(words, t->size, btf_int_encoding(t) & BTF_INT_SIGNED);
		break;
	case BTF_KIND_PTR:
		plain = lookup_plain(btf, t->type);
		/* Do not follow pointers to pointers: on a wrong base they may form a cycle. */
		if (plain > 0 && btf_is_ptr(btf__type_by_id(btf, plain)))
			snprintf(to, sizeof(to), "a pointer");
		else
			words_type(to, btf, t->type);
		snprintf(words, WORDS, "a pointer to %.200s", to);
		break;
	case BTF_KIND_STRUCT:
		words_named(words, "struct", name);
		break;
	case BTF_KIND_UNION:
		words_named(words, "union", name);
		break;
	case BTF_KIND_FWD:
		words_named(words, btf_kflag(t) ? "union" : "struct", name);
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		words_named(words, "enum", name);
		break;
	case BTF_KIND_ARRAY:
		snprintf(words, WORDS, "an array");
		break;
	case BTF_KIND_FUNC_PROTO:
		snprintf(words, WORDS, "a function");
		break;
	default:
		snprintf(words, WORDS, "a type of BTF kind %u", btf_kind(t));
	}
}

void words_found(char words[WORDS], const struct btf *btf, const struct member *member)
{
	words_type(words, btf, member->type);
	if (member->width && (member->width > 1 || strcmp(words, "a bool")))
		snprintf(words, WORDS, "a bit field of %u bit%s", member->width,
			 member->width == 1 ? "" : "s");
}

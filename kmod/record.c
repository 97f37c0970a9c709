// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ctype.h>
#include <linux/seq_file.h>
#include <linux/skbuff.h>
#include <linux/stddef.h>
#include <net/netlink.h>

#include "record.h"

enum field_type {
	FIELD_U32,
	FIELD_U64,
	FIELD_HEX,
	FIELD_NAMED,
	FIELD_STRING,
};

struct field {
	const char *name;
	const char *const *names; /* FIELD_NAMED: names by value, with holes */
	u16 names_nr;
	u16 offset;
	u8 attr;
	u8 type;
};

#define NAME_OF(c, v, n) [v] = (n),
static const char *const kind_names[] = { DMAOWN_KINDS(NAME_OF) };
static const char *const mode_names[] = { DMAOWN_MODES(NAME_OF) };
static const char *const state_names[] = { DMAOWN_STATES(NAME_OF) };
static const char *const source_names[] = { DMAOWN_SOURCES(NAME_OF) };
static const char *const via_names[] = { DMAOWN_VIAS(NAME_OF) };
static const char *const hwpt_names[] = { DMAOWN_HWPTS(NAME_OF) };
static const char *const event_names[] = { DMAOWN_EVENTS(NAME_OF) };

#define NAMED(list) .type = FIELD_NAMED, .names = (list), .names_nr = ARRAY_SIZE(list)
#define TYPE_U32    .type = FIELD_U32
#define TYPE_FLAG   .type = FIELD_U32
#define TYPE_U64    .type = FIELD_U64
#define TYPE_SIZE   .type = FIELD_U64
#define TYPE_TIME   .type = FIELD_U64
#define TYPE_ID	    .type = FIELD_HEX
#define TYPE_ADDR   .type = FIELD_HEX
#define TYPE_COMM   .type = FIELD_STRING
#define TYPE_NAME   .type = FIELD_STRING
#define TYPE_TEXT   .type = FIELD_STRING
#define TYPE_KIND   NAMED(kind_names)
#define TYPE_MODE   NAMED(mode_names)
#define TYPE_STATE  NAMED(state_names)
#define TYPE_SOURCE NAMED(source_names)
#define TYPE_VIA    NAMED(via_names)
#define TYPE_HWPT   NAMED(hwpt_names)
#define TYPE_EVENT  NAMED(event_names)

#define FIELD(r, f, t)                              \
	{ .name = #f,                               \
	  .attr = record_bit_##r##_##f,             \
	  .offset = offsetof(struct r##_record, f), \
	  TYPE_##t },
#define FIELD_CONTEXT(F, f, t, d) FIELD(context, f, t)
#define FIELD_HOLDER(F, f, t, d)  FIELD(holder, f, t)
#define FIELD_IOAS(F, f, t, d)	  FIELD(ioas, f, t)
#define FIELD_HWPT(F, f, t, d)	  FIELD(hwpt, f, t)
#define FIELD_DEVICE(F, f, t, d)  FIELD(device, f, t)
#define FIELD_ACCESS(F, f, t, d)  FIELD(access, f, t)
#define FIELD_AREA(F, f, t, d)	  FIELD(area, f, t)
#define FIELD_OWNER(F, f, t, d)	  FIELD(owner, f, t)
#define FIELD_REFUSAL(F, f, t, d) FIELD(refusal, f, t)
#define FIELD_STATUS(F, f, t, d)  FIELD(status, f, t)
#define FIELD_EVENT(F, f, t, d)	  FIELD(event, f, t)

#define FIELDS_OF(R, r, l, FIELDS) static const struct field r##_fields[] = { FIELDS(FIELD_##R) };
DMAOWN_RECORDS(FIELDS_OF)

static const struct {
	const char *listing;
	const struct field *fields;
	unsigned int nr;
} record_kinds[RECORD_KINDS] = {
#define KIND_OF(R, r, l, FIELDS) [RECORD_##R] = { #l, r##_fields, ARRAY_SIZE(r##_fields) },
	DMAOWN_RECORDS(KIND_OF)
};

const char *dmaown_record_listing(enum record_kind kind)
{
	return record_kinds[kind].listing;
}

static int record_put_field(struct sk_buff *skb, const struct field *field, const void *value)
{
	switch (field->type) {
	case FIELD_U64:
	case FIELD_HEX:
		return nla_put_u64_64bit(skb, field->attr, *(const u64 *)value, 0);
	case FIELD_STRING:
		return nla_put_string(skb, field->attr, value);
	default:
		return nla_put_u32(skb, field->attr, *(const u32 *)value);
	}
}

/* Add the known fields of a record to a message. Return: 0, or -EMSGSIZE if they do not all fit. */
int dmaown_record_put(struct sk_buff *skb, enum record_kind kind, const union record *rec)
{
	const struct field *field = record_kinds[kind].fields;
	const struct field *end = field + record_kinds[kind].nr;
	int ret;

	for (; field < end; field++) {
		if (!(rec->known & BIT_ULL(field->attr)))
			continue;
		ret = record_put_field(skb, field, (const char *)rec + field->offset);
		if (ret)
			return ret;
	}
	return 0;
}

static void record_print_string(struct seq_file *m, const char *s)
{
	/* A single "-" would mean that the field is unknown. */
	if (!strcmp(s, "-")) {
		seq_puts(m, "\\055");
		return;
	}
	for (; *s; s++) {
		if (isascii(*s) && isgraph(*s) && *s != '\\' && *s != '"' && *s != '=')
			seq_putc(m, *s);
		else
			seq_printf(m, "\\%03o", (unsigned char)*s);
	}
}

static void record_print_field(struct seq_file *m, const struct field *field, const void *value)
{
	u32 number;

	switch (field->type) {
	case FIELD_U64:
		seq_printf(m, "%llu", *(const u64 *)value);
		return;
	case FIELD_HEX:
		seq_printf(m, "0x%llx", *(const u64 *)value);
		return;
	case FIELD_STRING:
		record_print_string(m, value);
		return;
	}

	number = *(const u32 *)value;
	if (field->type == FIELD_NAMED && number < field->names_nr && field->names[number])
		seq_puts(m, field->names[number]);
	else
		seq_printf(m, "%u", number);
}

void dmaown_record_print(struct seq_file *m, enum record_kind kind, const union record *rec)
{
	const struct field *field = record_kinds[kind].fields;
	const struct field *end = field + record_kinds[kind].nr;
	const char *blank = "";

	for (; field < end; field++) {
		seq_printf(m, "%s%s=", blank, field->name);
		blank = " ";
		if (rec->known & BIT_ULL(field->attr))
			record_print_field(m, field, (const char *)rec + field->offset);
		else
			seq_putc(m, '-');
	}
	seq_putc(m, '\n');
}

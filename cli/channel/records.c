// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/array.h"
#include "records.h"

#define FIELD_(R, r, F, f, t, d)                             \
	{                                                    \
		.name = #f,                                  \
		.help = d,                                   \
		.type = TYPE_##t,                            \
		.attr = DMAOWN_A_##R##_##F,                  \
		.offset = offsetof(struct r##_record, f),    \
		.size = sizeof(((struct r##_record *)0)->f), \
	},
#define CONTEXT_FIELD_(F, f, t, d) FIELD_(CONTEXT, context, F, f, t, d)
#define HOLDER_FIELD_(F, f, t, d)  FIELD_(HOLDER, holder, F, f, t, d)
#define IOAS_FIELD_(F, f, t, d)	   FIELD_(IOAS, ioas, F, f, t, d)
#define HWPT_FIELD_(F, f, t, d)	   FIELD_(HWPT, hwpt, F, f, t, d)
#define DEVICE_FIELD_(F, f, t, d)  FIELD_(DEVICE, device, F, f, t, d)
#define ACCESS_FIELD_(F, f, t, d)  FIELD_(ACCESS, access, F, f, t, d)
#define AREA_FIELD_(F, f, t, d)	   FIELD_(AREA, area, F, f, t, d)
#define OWNER_FIELD_(F, f, t, d)   FIELD_(OWNER, owner, F, f, t, d)
#define REFUSAL_FIELD_(F, f, t, d) FIELD_(REFUSAL, refusal, F, f, t, d)
#define STATUS_FIELD_(F, f, t, d)  FIELD_(STATUS, status, F, f, t, d)
#define EVENT_FIELD_(F, f, t, d)   FIELD_(EVENT, event, F, f, t, d)

#define FIELD_TABLE_(R, r, l, FIELDS)                                    \
	static const struct field r##_fields[] = { FIELDS(R##_FIELD_) }; \
	_Static_assert(DMAOWN_A_##R##_MAX < 64, "\"known\" is one word");
DMAOWN_RECORDS(FIELD_TABLE_)

/* No command lists events: they are multicast only. */
enum { DMAOWN_CMD_GET_EVENT = 0 };

#define RECORD_TYPE_(R, r, l, FIELDS)            \
	[RECORD_##R] = {                         \
		.name = #r,                      \
		.listing = #l,                   \
		.fields = r##_fields,            \
		.nr_fields = DMAOWN_A_##R##_MAX, \
		.command = DMAOWN_CMD_GET_##R,   \
	},
const struct record_type record_types[RECORD_COUNT] = { DMAOWN_RECORDS(RECORD_TYPE_) };

struct enumerator {
	uint32_t value;
	const char *name;
};

#define ENUMERATOR_(c, v, n) { (v), (n) },
static const struct enumerator kinds[] = { DMAOWN_KINDS(ENUMERATOR_){ 0, NULL } };
static const struct enumerator modes[] = { DMAOWN_MODES(ENUMERATOR_){ 0, NULL } };
static const struct enumerator states[] = { DMAOWN_STATES(ENUMERATOR_){ 0, NULL } };
static const struct enumerator sources[] = { DMAOWN_SOURCES(ENUMERATOR_){ 0, NULL } };
static const struct enumerator vias[] = { DMAOWN_VIAS(ENUMERATOR_){ 0, NULL } };
static const struct enumerator hwpts[] = { DMAOWN_HWPTS(ENUMERATOR_){ 0, NULL } };
static const struct enumerator events[] = { DMAOWN_EVENTS(ENUMERATOR_){ 0, NULL } };

static const struct enumerator *enumerators(enum field_type type)
{
	switch (type) {
	case TYPE_KIND:
		return kinds;
	case TYPE_MODE:
		return modes;
	case TYPE_STATE:
		return states;
	case TYPE_SOURCE:
		return sources;
	case TYPE_VIA:
		return vias;
	case TYPE_HWPT:
		return hwpts;
	case TYPE_EVENT:
		return events;
	default:
		return NULL;
	}
}

const char *enum_name(enum field_type type, uint32_t value)
{
	const struct enumerator *e;

	for (e = enumerators(type); e && e->name; e++)
		if (e->value == value)
			return e->name;
	return NULL;
}

bool enum_value(enum field_type type, const char *name, uint32_t *value)
{
	const struct enumerator *e;

	for (e = enumerators(type); e && e->name; e++)
		if (!strcmp(e->name, name)) {
			*value = e->value;
			return true;
		}
	return false;
}

const struct field *record_field(enum record_kind kind, unsigned int attr)
{
	const struct record_type *type = &record_types[kind];

	return attr && attr <= type->nr_fields ? &type->fields[attr - 1] : NULL;
}

const struct field *record_field_named(enum record_kind kind, const char *name, size_t length)
{
	const struct record_type *type = &record_types[kind];
	unsigned int i;

	for (i = 0; i < type->nr_fields; i++)
		if (!strncasecmp(type->fields[i].name, name, length) &&
		    !type->fields[i].name[length])
			return &type->fields[i];
	return NULL;
}

bool field_is_text(const struct field *field)
{
	return field->type == TYPE_COMM || field->type == TYPE_NAME || field->type == TYPE_TEXT;
}

bool field_is_enum(const struct field *field)
{
	return enumerators(field->type);
}

static const void *member(const struct field *field, const union record *record)
{
	return (const char *)record + field->offset;
}

uint64_t field_number(const struct field *field, const union record *record)
{
	uint64_t wide;
	uint32_t narrow;

	if (field->size == sizeof(wide)) {
		memcpy(&wide, member(field, record), sizeof(wide));
		return wide;
	}
	memcpy(&narrow, member(field, record), sizeof(narrow));
	return narrow;
}

const char *field_text(const struct field *field, const union record *record)
{
	return member(field, record);
}

int field_set_number(const struct field *field, union record *record, uint64_t value)
{
	uint32_t narrow = value;
	char *at = (char *)record + field->offset;

	if (field_is_text(field))
		return -EBADMSG;
	if (field->size == sizeof(value)) {
		memcpy(at, &value, sizeof(value));
	} else {
		if (narrow != value)
			return -EBADMSG;
		memcpy(at, &narrow, sizeof(narrow));
	}
	record->known |= 1ULL << field->attr;
	return 0;
}

int field_set_text(const struct field *field, union record *record, const char *text, size_t length)
{
	char *at = (char *)record + field->offset;

	if (!field_is_text(field) || length >= field->size)
		return -EBADMSG;
	memcpy(at, text, length);
	memset(at + length, 0, field->size - length);
	record->known |= 1ULL << field->attr;
	return 0;
}

int record_list_add(struct record_list *list, const union record *record)
{
	if (!array_grow((void **)&list->items, &list->room, list->nr + 1, sizeof(*list->items)))
		return -ENOMEM;
	list->items[list->nr++] = *record;
	return 0;
}

void record_list_free(struct record_list *list)
{
	free(list->items);
	free(list->by_context);
	*list = (struct record_list){ 0 };
}

/* BY CONTEXT */

bool record_has_context(enum record_kind kind)
{
	return !strcmp(record_types[kind].fields->name, "context");
}

#define BEGINS_WITH_CONTEXT(kind)                                        \
	_Static_assert(offsetof(struct kind##_record, context) ==        \
			       offsetof(struct context_record, context), \
		       "context_of() reads the first field")
BEGINS_WITH_CONTEXT(holder);
BEGINS_WITH_CONTEXT(ioas);
BEGINS_WITH_CONTEXT(hwpt);
BEGINS_WITH_CONTEXT(device);
BEGINS_WITH_CONTEXT(access);
BEGINS_WITH_CONTEXT(area);

/* Return: the ID, or 0 if the record has no context. */
static uint64_t context_of(const union record *record)
{
	return record->context.context;
}

static bool is_sorted(const struct record_list *list)
{
	size_t i;

	for (i = 1; i < list->nr; i++)
		if (context_of(&list->items[i - 1]) > context_of(&list->items[i]))
			return false;
	return true;
}

/* Compare pointers into one array: those of the same context keep their order. */
static int compare_records(const void *a, const void *b)
{
	const union record *x = *(const union record *const *)a;
	const union record *y = *(const union record *const *)b;

	if (context_of(x) != context_of(y))
		return context_of(x) < context_of(y) ? -1 : 1;
	return x < y ? -1 : x > y;
}

int record_list_sort(struct record_list *list)
{
	size_t i;

	if (is_sorted(list))
		return 0;
	list->by_context = calloc(list->nr, sizeof(*list->by_context));
	if (!list->by_context)
		return -ENOMEM;
	for (i = 0; i < list->nr; i++)
		list->by_context[i] = &list->items[i];
	qsort(list->by_context, list->nr, sizeof(*list->by_context), compare_records);
	return 0;
}

const union record *record_range_at(const struct record_range *range, size_t i)
{
	const struct record_list *list = range->list;

	i += range->first;
	return list->by_context ? list->by_context[i] : &list->items[i];
}

/* Return: the number of records before the first one of this context, or of a larger ID. */
static size_t count_below(const struct record_list *list, uint64_t context)
{
	const struct record_range all = { .list = list };
	size_t low = 0, high = list->nr, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (context_of(record_range_at(&all, middle)) < context)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct record_range record_list_range(const struct record_list *list, uint64_t context)
{
	size_t first = count_below(list, context), end = list->nr;

	if (!context)
		return (struct record_range){ 0 };
	if (context < UINT64_MAX)
		end = count_below(list, context + 1);
	return (struct record_range){ list, first, end - first };
}

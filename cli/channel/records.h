/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The records of dmaown.h: a struct for each, and a table of its fields. Macros make both from the
 * lists there. A field therefore exists in netlink, in debugfs and here, or nowhere.
 */
#ifndef DMAOWN_CLI_CHANNEL_RECORDS_H
#define DMAOWN_CLI_CHANNEL_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dmaown.h>

enum field_type {
	TYPE_U32,
	TYPE_U64,
	TYPE_FLAG,
	TYPE_ID,
	TYPE_ADDR,
	TYPE_SIZE,
	TYPE_TIME,
	TYPE_COMM,
	TYPE_NAME,
	TYPE_TEXT,
	TYPE_KIND,
	TYPE_MODE,
	TYPE_STATE,
	TYPE_SOURCE,
	TYPE_VIA,
	TYPE_HWPT,
	TYPE_EVENT,
};

typedef uint32_t field_U32, field_FLAG, field_KIND, field_MODE, field_STATE;
typedef uint32_t field_SOURCE, field_VIA, field_HWPT, field_EVENT;
typedef uint64_t field_U64, field_ID, field_ADDR, field_SIZE, field_TIME;
typedef char field_COMM[16];
typedef char field_NAME[64];
typedef char field_TEXT[128];

/* Every record begins with the set of known fields: bit n for netlink attribute n. */
#define RECORD_MEMBER_(F, f, t, d) field_##t f;
#define RECORD_STRUCT_(R, r, l, FIELDS) \
	struct r##_record {             \
		uint64_t known;         \
		FIELDS(RECORD_MEMBER_)  \
	};
DMAOWN_RECORDS(RECORD_STRUCT_)

#define RECORD_UNION_(R, r, l, FIELDS) struct r##_record r;
union record {
	uint64_t known;
	DMAOWN_RECORDS(RECORD_UNION_)
};

#define RECORD_KIND_(R, r, l, FIELDS) RECORD_##R,
enum record_kind { DMAOWN_RECORDS(RECORD_KIND_) RECORD_COUNT };

/* Is this field known? Usage: known(&record->area, AREA, PID) */
#define known(record, R, F) (((record)->known >> DMAOWN_A_##R##_##F) & 1)

struct field {
	const char *name;
	const char *help;
	enum field_type type;
	uint16_t attr; /* netlink attribute, and bit of "known" */
	uint16_t offset;
	uint16_t size;
};

struct record_type {
	const char *name;    /* such as "context" */
	const char *listing; /* such as "contexts": file in debugfs, key in JSON */
	const struct field *fields;
	unsigned int nr_fields;
	uint8_t command; /* generic netlink command that lists it, or 0 */
};

extern const struct record_type record_types[RECORD_COUNT];

/* Find the field with this netlink attribute or name. Return: NULL if there is none. */
const struct field *record_field(enum record_kind kind, unsigned int attr);
const struct field *record_field_named(enum record_kind kind, const char *name, size_t length);

bool field_is_text(const struct field *field);
bool field_is_enum(const struct field *field);
uint64_t field_number(const struct field *field, const union record *record);
const char *field_text(const struct field *field, const union record *record);

/* Set a field and mark it known. Return: 0, or -EBADMSG if the value does not fit the type. */
int field_set_number(const struct field *field, union record *record, uint64_t value);
int field_set_text(const struct field *field, union record *record, const char *text,
		   size_t length);

/* Return: the name of an enumerator, or NULL. */
const char *enum_name(enum field_type type, uint32_t value);

/* Find an enumerator by its name. Return: false if there is none. */
bool enum_value(enum field_type type, const char *name, uint32_t *value);

/* A growing array of records. */
struct record_list {
	union record *items;
	size_t nr;
	size_t room;
	const union record **by_context; /* sorted; NULL if the items themselves are, as usual */
};

int record_list_add(struct record_list *list, const union record *record);
void record_list_free(struct record_list *list);

/* Do records of this kind begin with the field "context"? */
bool record_has_context(enum record_kind kind);

/*
 * Prepare a list of such records for record_list_range(), after the last was added: the records
 * keep their places. Return: 0 or -ENOMEM.
 */
int record_list_sort(struct record_list *list);

/* The records of a context, in the order of the list. */
struct record_range {
	const struct record_list *list;
	size_t first;
	size_t nr;
};

/*
 * Find the records of a context in a list that record_list_sort() has prepared, as
 * channel_collect() does. Return: an empty range if there are none, or if the context is 0.
 */
struct record_range record_list_range(const struct record_list *list, uint64_t context);

/* Return: record i of the range. */
const union record *record_range_at(const struct record_range *range, size_t i);

#endif

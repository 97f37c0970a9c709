// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints the records and enumerations of kmod/uapi/dmaown.h in scdoc's format. `make spec` writes
 * the output into man/dmaown-netlink.7.scd, and `make check` compares the two.
 */
#include <stdio.h>

#include "dmaown.h"

/* Events have no GET command: they are sent. */
#define DMAOWN_CMD_GET_EVENT DMAOWN_CMD_EVENT

/* Print dashes instead of underscores, as in the spec. */
static void print_name(const char *name)
{
	for (; *name; name++)
		putchar(*name == '_' ? '-' : *name);
}

/* Escape scdoc's special characters: an underscore that is not between letters would underline. */
static void print_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '_' || *text == '*' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
}

#define AS_U32	  "u32"
#define AS_FLAG	  "u32: 0 or 1"
#define AS_U64	  "u64"
#define AS_SIZE	  "u64"
#define AS_TIME	  "u64"
#define AS_ID	  "u64: an ID"
#define AS_ADDR	  "u64: an address"
#define AS_COMM	  "string"
#define AS_NAME	  "string"
#define AS_TEXT	  "string"
#define AS_KIND	  "u32: kind"
#define AS_MODE	  "u32: mode"
#define AS_STATE  "u32: state"
#define AS_SOURCE "u32: source"
#define AS_VIA	  "u32: via"
#define AS_HWPT	  "u32: hwpt-type"
#define AS_EVENT  "u32: event-type"

static void field(int attr, const char *name, const char *type, const char *doc)
{
	printf("*");
	print_name(name);
	printf("* (%d, %s)\n\t", attr, type);
	print_text(doc);
	puts(".\n");
}

static void print_records(void)
{
	int attr;

#define FIELD(F, f, t, d) field(++attr, #f, AS_##t, d);
#define RECORD(R, r, l, FIELDS)                                     \
	printf("## " #r "\n\nCommand %d.\n\n", DMAOWN_CMD_GET_##R); \
	attr = 0;                                                   \
	FIELDS(FIELD)
	DMAOWN_RECORDS(RECORD)
}

static void print_enums(void)
{
	const char *comma;

#define ENTRY(c, v, n)                    \
	printf("%s%d *" n "*", comma, v); \
	comma = ", ";
#define ENUMERATION(name, LIST)   \
	printf("*" name "*\n\t"); \
	comma = "";               \
	LIST(ENTRY)               \
	puts("\n");
	puts("# VALUES\n");
	ENUMERATION("kind", DMAOWN_KINDS)
	ENUMERATION("mode", DMAOWN_MODES)
	ENUMERATION("state", DMAOWN_STATES)
	ENUMERATION("source", DMAOWN_SOURCES)
	ENUMERATION("via", DMAOWN_VIAS)
	ENUMERATION("hwpt-type", DMAOWN_HWPTS)
	ENUMERATION("event-type", DMAOWN_EVENTS)
}

int main(void)
{
	print_records();
	print_enums();
	return 0;
}

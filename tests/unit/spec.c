// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints the netlink spec that kmod/uapi/dmaown.h describes, in the form of the kernel's own specs
 * (Documentation/netlink/specs). `make spec` writes the output to kmod/uapi/dmaown.yaml, and
 * `make check` compares the two.
 */
#include <stdio.h>
#include <string.h>

#include "dmaown.h"

/* Print dashes instead of underscores, as in the kernel's specs. */
static void print_name(const char *name)
{
	for (; *name; name++)
		putchar(*name == '_' ? '-' : *name);
}

static void attribute(const char *name, const char *type, const char *extra, const char *doc)
{
	printf("      -\n        name: ");
	print_name(name);
	printf("\n        type: %s\n%s        doc: >-\n          %s\n", type, extra, doc);
}

#define HINT_HEX   "        display-hint: hex\n"
#define ENUM(name) "        enum: " name "\n"

#define A_U32	 "u32", ""
#define A_FLAG	 "u32", ""
#define A_U64	 "u64", ""
#define A_SIZE	 "u64", ""
#define A_TIME	 "u64", ""
#define A_ID	 "u64", HINT_HEX
#define A_ADDR	 "u64", HINT_HEX
#define A_COMM	 "string", ""
#define A_NAME	 "string", ""
#define A_TEXT	 "string", ""
#define A_KIND	 "u32", ENUM("kind")
#define A_MODE	 "u32", ENUM("mode")
#define A_STATE	 "u32", ENUM("state")
#define A_SOURCE "u32", ENUM("source")
#define A_VIA	 "u32", ENUM("via")
#define A_HWPT	 "u32", ENUM("hwpt-type")
#define A_EVENT	 "u32", ENUM("event-type")

static void print_enums(void)
{
	puts("definitions:");
#define ENTRY(c, v, n) printf("      -\n        name: %s\n        value: %d\n", n, v);
#define ENUMERATION(name, LIST)                                        \
	puts("  -\n    name: " name "\n    type: enum\n    entries:"); \
	LIST(ENTRY)
	ENUMERATION("kind", DMAOWN_KINDS)
	ENUMERATION("mode", DMAOWN_MODES)
	ENUMERATION("state", DMAOWN_STATES)
	ENUMERATION("source", DMAOWN_SOURCES)
	ENUMERATION("via", DMAOWN_VIAS)
	ENUMERATION("hwpt-type", DMAOWN_HWPTS)
	ENUMERATION("event-type", DMAOWN_EVENTS)
	putchar('\n');
}

static void print_sets(void)
{
	puts("attribute-sets:");
#define ATTRIBUTE(F, f, t, d) attribute(#f, A_##t, d ".");
#define SET(R, r, l, FIELDS)                                            \
	puts("  -\n    name: " #r "\n    attributes:\n      -\n"        \
	     "        name: pad\n        type: pad\n        value: 0"); \
	FIELDS(ATTRIBUTE)
	DMAOWN_RECORDS(SET)
	putchar('\n');
}

static void print_attributes(const char *indent, const char *const *names, size_t nr)
{
	size_t i;

	printf("%sattributes:\n", indent);
	for (i = 0; i < nr; i++) {
		printf("%s  - ", indent);
		print_name(names[i]);
		putchar('\n');
	}
}

#define NAME(F, f, t, d)       #f,
#define NAMES(R, r, l, FIELDS) static const char *const r##_names[] = { FIELDS(NAME) };
DMAOWN_RECORDS(NAMES)

static void operation(const char *record, const char *how, int value, const char *const *names,
		      size_t nr, int filtered)
{
	static const char *const filter[] = { "context" };
	const char *doc = filtered ? "Dumps one message per record, of one context or of all" :
			  !strcmp(how, "dump") ? "Dumps one message per record" :
						 "Returns the status of the module";

	printf("    -\n      name: get-%s\n      value: %d\n      attribute-set: %s\n"
	       "      doc: >-\n        %s.\n"
	       "        Needs CAP_SYS_ADMIN and CAP_SYS_PTRACE in the initial user namespace.\n"
	       "      %s:\n",
	       record, value, record, doc, how);
	if (filtered) {
		puts("        request:");
		print_attributes("          ", filter, 1);
	}
	puts("        reply:");
	print_attributes("          ", names, nr);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OPERATION(R, r, how, filtered) \
	operation(#r, how, DMAOWN_CMD_GET_##R, r##_names, COUNT(r##_names), filtered)

static void print_operations(void)
{
	puts("operations:\n  list:");
	OPERATION(STATUS, status, "do", 0);
	OPERATION(CONTEXT, context, "dump", 1);
	OPERATION(HOLDER, holder, "dump", 1);
	OPERATION(IOAS, ioas, "dump", 1);
	OPERATION(HWPT, hwpt, "dump", 1);
	OPERATION(DEVICE, device, "dump", 1);
	OPERATION(ACCESS, access, "dump", 1);
	OPERATION(AREA, area, "dump", 1);
	OPERATION(OWNER, owner, "dump", 0);
	printf("    -\n      name: event\n      value: %d\n      attribute-set: event\n"
	       "      doc: >-\n        A transfer, a refusal, or the progress of a transfer. Sent only to sockets that were\n"
	       "        opened with CAP_SYS_ADMIN and CAP_SYS_PTRACE in the initial user namespace.\n"
	       "      mcgrp: " DMAOWN_GENL_EVENTS "\n      event:\n",
	       DMAOWN_CMD_EVENT);
	print_attributes("        ", event_names, COUNT(event_names));
	OPERATION(REFUSAL, refusal, "dump", 0);
	putchar('\n');
}

int main(void)
{
	puts("# SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note\n"
	     "# Generated from dmaown.h, which has the full description. Do not edit: run `make spec`.\n---\n"
	     "name: " DMAOWN_GENL_NAME "\nprotocol: genetlink\n"
	     "uapi-header: dmaown.h\n\n"
	     "doc: >-\n  The owners of the memory that iommufd and VFIO keep pinned.\n");
	print_enums();
	print_sets();
	print_operations();
	puts("mcast-groups:\n  list:\n    -\n      name: " DMAOWN_GENL_EVENTS);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* What can-exit and verify have found: a sentence, what it is about, and what mends it. */
#ifndef DMAOWN_CLI_FINDING_H
#define DMAOWN_CLI_FINDING_H

#include <stdint.h>

#include "cell.h"

/* (constant, name in JSON and metrics) */
#define FINDINGS(E)				\
	E(FOUND_RESET,		"reset")	\
	E(FOUND_LOST,		"lost")		\
	E(FOUND_MISCHARGED,	"mischarged")	\
	E(FOUND_DEAD,		"dead-owner")	\
	E(FOUND_STALE,		"stale-owner")	\
	E(FOUND_NOT_HOLDER,	"not-holder")	\
	E(FOUND_CORRUPT,	"corrupt")	\
	E(FOUND_LIMIT,		"near-limit")	\
	E(FOUND_UNKNOWN,	"unknown")

#define FINDING_ENUM_(c, n)	c,
enum found { FINDINGS(FINDING_ENUM_) FOUND_COUNT };

extern const char *const found_names[FOUND_COUNT];

struct finding {
	enum found found;
	char *text;			/* the sentence */
	char *command;			/* that mends it, or NULL */
	char *advice;			/* what mends it where no command does, or NULL */
	/* what it is about; unknown: nothing of the kind */
	struct cell context, device, owner, pid, user, unit, areas, pinned;
	struct cell counter, value, expected, limit, headroom;
};

struct finding_list {
	struct finding *items;
	size_t nr;
};

/* A new one at the end, which tells nothing yet but its text. No memory: ends with a message. */
struct finding *finding_add(struct finding_list *list, enum found found, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void finding_command(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void finding_advice(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "process 42", or words for one that is hidden. */
#define PROCESS_TEXT	64
const char *process_text(char text[PROCESS_TEXT], bool is_known, uint32_t pid);

/* The part of a command that names a context. */
#define CONTEXT_OPTION	" --context 0x%" PRIx64

/* FOUND_UNKNOWN for each device file that could not be looked into. */
void findings_add_locked(struct finding_list *list, const struct record_list *holders);

size_t findings_count(const struct finding_list *list, enum found found);

/* EXIT_FOUND, or with nothing but FOUND_UNKNOWN EXIT_BUSY, or EXIT_DONE. */
int findings_status(const struct finding_list *list);

/* A line each on standard output, followed by what mends it. */
void findings_print(const struct finding_list *list);
/* "findings": [...] in an object that is open. */
void findings_to_json(const struct finding_list *list, struct json *json);
void findings_free(struct finding_list *list);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Findings of can-exit and verify: a sentence, its subject, and what mends it. */
#ifndef DMAOWN_CLI_HEALTH_FINDING_H
#define DMAOWN_CLI_HEALTH_FINDING_H

#include <stdint.h>

#include "output/value.h"

/* (constant, name in JSON and metrics) */
#define FINDINGS(E)                       \
	E(FOUND_RESET, "reset")           \
	E(FOUND_LOST, "lost")             \
	E(FOUND_MISCHARGED, "mischarged") \
	E(FOUND_DETACHED, "detached")     \
	E(FOUND_DEAD, "dead-owner")       \
	E(FOUND_STALE, "stale-owner")     \
	E(FOUND_NOT_HOLDER, "not-holder") \
	E(FOUND_CORRUPT, "corrupt")       \
	E(FOUND_LIMIT, "near-limit")      \
	E(FOUND_UNKNOWN, "unknown")

#define FINDING_ENUM_(c, n) c,
enum found { FINDINGS(FINDING_ENUM_) FOUND_COUNT };

extern const char *const found_names[FOUND_COUNT];

struct finding {
	enum found found;
	char *text;    /* sentence */
	char *command; /* command that mends it, or NULL */
	char *advice;  /* what to do if no command mends it, or NULL */
	/* its subject; unknown where that does not apply */
	struct value context, device, owner, pid, user, unit, areas, pinned;
	struct value counter, value, expected, limit, headroom;
	bool has_range; /* the rest applies, and is in JSON */
	struct value difference, ioas, iova, length, addr;
};

struct finding_list {
	struct finding *items;
	size_t nr;
	size_t room;
};

/* Add a finding with a text and nothing else. Without memory, exit after a message. */
struct finding *finding_add(struct finding_list *list, enum found found, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void finding_command(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void finding_advice(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Return: text, filled with "process 42", or words for a process without a PID here. */
#define PROCESS_TEXT 64
const char *process_text(char text[PROCESS_TEXT], bool is_known, uint32_t pid);

/* The part of a command that names a context. */
#define CONTEXT_OPTION " --context 0x%" PRIx64

size_t findings_count(const struct finding_list *list, enum found found);

/* Return: EXIT_DONE without findings, EXIT_BUSY if all are FOUND_UNKNOWN, or EXIT_FOUND. */
int findings_status(const struct finding_list *list);

/* Print a line for each finding, followed by what mends it. */
void findings_print(const struct finding_list *list);

/* Write "findings": [...] into an open object. */
void findings_to_json(const struct finding_list *list, struct json *json);
void findings_free(struct finding_list *list);

#endif

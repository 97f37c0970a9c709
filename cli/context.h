/* SPDX-License-Identifier: GPL-2.0-only */
/* Contexts as they are named on the command line. */
#ifndef DMAOWN_CLI_CONTEXT_H
#define DMAOWN_CLI_CONTEXT_H

#include "channel.h"

struct context_name {
	enum { CONTEXT_BY_ID, CONTEXT_BY_FD, CONTEXT_BY_PID, CONTEXT_BY_DEVICE } by;
	uint64_t id;
	unsigned int digits;	/* of the ID, as given: it may be the beginning of one */
	uint32_t pid;
	uint32_t fd;
	char device[sizeof(value_NAME)];
};

bool context_parse(const char *text, struct context_name *name);

/* Does an ID have this one's digits, or begin with them? */
bool context_id_matches(const struct context_name *name, uint64_t id);

/* The ID of the context that is meant. 0, or an exit status with a message. */
int context_find(struct channel *channel, const char *text, uint64_t *id);

/*
 * The same as a file of one of its holders, which is how the module wants it named. A descriptor of
 * the context itself is preferred: a device's can be unbound. 0, or an exit status with a message.
 */
int context_find_file(struct channel *channel, const char *text, struct dmaown_file *file);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Contexts, as users name them. */
#ifndef DMAOWN_CLI_QUERY_CONTEXT_H
#define DMAOWN_CLI_QUERY_CONTEXT_H

#include "channel/channel.h"
#include "host/vfio.h"

struct context_name {
	enum {
		CONTEXT_BY_ID,
		CONTEXT_BY_FD,
		CONTEXT_BY_MAPPING,
		CONTEXT_BY_PID,
		CONTEXT_BY_DEVICE, /* or by a group */
	} by;
	uint64_t id;
	unsigned int digits; /* of the ID as given: it may be abbreviated */
	uint32_t pid;
	uint32_t fd;
	uint64_t addr; /* of the mapping */
	struct vfio_name device;
};

/* The names that context_parse() accepts, for messages. */
#define CONTEXT_NAMES                                                                        \
	"its ID (0x...), PID/FD or PID of a holder, or the name of a device or group in it," \
	" as in 0000:01:00.0, vfio3 or group-5"

/* Return: false if the text names no context. */
bool context_parse(const char *text, struct context_name *name);

/* Is this the ID that was named, in full or abbreviated? */
bool context_id_matches(const struct context_name *name, uint64_t id);

/* Find the ID of the context that the text names. Return: 0, or an exit status after a message. */
int context_find(struct channel *channel, const char *text, uint64_t *id);

/*
 * Find a file of the context that the text names: the module takes contexts by a file of a holder,
 * and compares the ID of the context, which file->context is set to.
 * A descriptor of the context itself is preferred, because a device can be unbound. If all holders
 * that have a PID here hold it by mappings, the file is any of one of them (DMAOWN_FD_ANY).
 * Return: 0, or an exit status after a message.
 */
int context_find_file(struct channel *channel, const char *text, struct dmaown_file *file);

#endif

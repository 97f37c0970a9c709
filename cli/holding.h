/* SPDX-License-Identifier: GPL-2.0-only */
/* Who holds a context, or has the file of a device open: one process, and others. */
#ifndef DMAOWN_CLI_HOLDING_H
#define DMAOWN_CLI_HOLDING_H

#include "records.h"

/* A process; one that has no number in this PID namespace has 0. */
struct holding_process {
	uint32_t pid;
	uint64_t start;
};

/*
 * A file of the process in question and one of somebody else's; NULL: there is none. Of several,
 * one of the context itself is preferred to one of a device, and a process that can be named.
 */
struct holding {
	const struct holder_record *own;
	const struct holder_record *other;
};

/* device: only the file of this one counts; or NULL. */
struct holding holding_find(const struct record_list *holders, uint64_t context,
			    const char *device, struct holding_process process);

#endif

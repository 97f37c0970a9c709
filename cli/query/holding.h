/* SPDX-License-Identifier: GPL-2.0-only */
/* Which processes hold a context, or have the file of a device open. */
#ifndef DMAOWN_CLI_QUERY_HOLDING_H
#define DMAOWN_CLI_QUERY_HOLDING_H

#include "channel/records.h"

/* A process. The PID is 0 if the process has none in this PID namespace. */
struct holding_process {
	uint32_t pid;
	uint64_t start;
};

/* Is this a file of the context, or of a device bound to it? */
bool holder_has_context(const struct holder_record *holder, uint64_t context);

/* Is this a file of the process with this PID? */
bool holder_has_pid(const struct holder_record *holder, uint32_t pid);

/* Is this a file of the process? PID and start time are compared. */
bool holder_is_of(const struct holder_record *holder, struct holding_process process);

/*
 * A file of the process in question and a file of another process, or NULL if there is none. Of
 * several files, one of the context is preferred to one of a device. A process that has a PID here
 * is preferred to one that has none.
 */
struct holding {
	const struct holder_record *own;
	const struct holder_record *other;
};

/* @device: only files of this device count; NULL: all files of the context do */
struct holding holding_find(const struct record_list *holders, uint64_t context, const char *device,
			    struct holding_process process);

/* Does the process with this PID hold the context? */
bool holding_exists(const struct record_list *holders, uint64_t context, uint32_t pid);

#endif

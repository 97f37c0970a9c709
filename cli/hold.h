/* SPDX-License-Identifier: GPL-2.0-only */
/* dmaownctl hold: what its parts share. */
#ifndef DMAOWN_CLI_HOLD_H
#define DMAOWN_CLI_HOLD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "channel.h"
#include "force.h"
#include "hold_memory.h"
#include "hold_self.h"
#include "process.h"
#include "remap.h"
#include "transfer.h"

struct hold {
	/* as asked for */
	struct channel_choice choice;
	const char *pid_text;
	const char *to_text;		/* or NULL: back to where it came from */
	struct process_name pid_name;
	struct process_name to_name;
	struct force_list forces;
	uint32_t timeout_ms;
	char **command;			/* or NULL */
	bool until_exec;
	bool quiet;

	/* as found */
	struct channel channel;
	int device;			/* keeps the module from being unloaded, too */
	struct process_ref pid;
	struct process_ref to;
	struct process_ref self;
	int pidfd;			/* of pid */
	int maps;			/* of the address space that it has at the beginning */
	int signals;			/* signalfd: all that may come is read from it */

	/* as it was done */
	struct hold_self before;
	struct hold_memory memory;
	struct remap_list remaps;	/* where the memory is here */
	struct hold_context *contexts;
	size_t nr_contexts;
};

/* A context in which this process owns something, and a descriptor here that names it. */
struct hold_context {
	uint64_t id;
	int fd;
	bool of_device;		/* and not of the context itself */
	bool owned;		/* as was seen last */
	char text[20];
};

/*
 * Become the owner of all that the process owns: take its contexts' descriptors, map its memory,
 * be charged. 0, or an exit status with a message: nothing has changed then.
 */
int hold_take(struct hold *hold);

/* Wait for what there is to be waited for, and hand it back; the exit status. */
int hold_back(struct hold *hold);

/*
 * A transfer between two processes that have been found, with what is needed for it. To be freed
 * with hold_transfer_free(). 0, or an exit status with a message.
 */
int hold_transfer_make(const struct hold *hold, struct transfer *transfer,
		       const struct process_ref *to, const struct process_ref *from);
void hold_transfer_free(struct transfer *transfer);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of dmaownctl hold. */
#ifndef DMAOWN_CLI_HOLD_STATE_H
#define DMAOWN_CLI_HOLD_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "channel/channel.h"
#include "host/mirror.h"
#include "query/process.h"
#include "self.h"
#include "transfer/force.h"

/* A context in which this process owns areas, and a descriptor here that names it. */
struct hold_context {
	uint64_t id;
	int fd;
	bool of_device; /* fd is a device's, not the context's */
	bool owned;	/* this process owns areas in it, by the latest listing */
	char text[20];	/* the ID */
};

struct hold {
	/* request */
	struct channel_choice choice;
	const char *pid_text;
	const char *to_text; /* NULL: hand back to the process itself */
	struct process_name pid_name;
	struct process_name to_name;
	struct force_list forces;
	uint32_t timeout_ms;
	char **command; /* or NULL */
	bool until_exec;
	bool quiet;

	/* found */
	struct channel channel;
	int device; /* descriptor of /dev/dmaown; it also keeps the module loaded */
	struct process_ref pid;
	struct process_ref to;
	struct process_ref self;
	int pidfd;   /* of pid */
	int maps;    /* of the address space that pid had at first, even after an exec */
	int signals; /* signalfd for all signals that are handled */

	/* taken */
	struct hold_self before;
	struct mirror_files devices; /* descriptors of the process's VFIO devices */
	struct mirror memory;
	struct hold_context *contexts;
	size_t nr_contexts;
	bool taken_back; /* a program has taken addresses back, by the latest listing */
};

#endif

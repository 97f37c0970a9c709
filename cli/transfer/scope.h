/* SPDX-License-Identifier: GPL-2.0-only */
/* A scope: the processes, contexts and memory that a request is about, as they were found. */
#ifndef DMAOWN_CLI_TRANSFER_SCOPE_H
#define DMAOWN_CLI_TRANSFER_SCOPE_H

#include "channel/channel.h"
#include "query/process.h"
#include "remap.h"

struct transfer_scope {
	struct channel channel;
	int device;	       /* descriptor of /dev/dmaown */
	struct process_ref to; /* the new owner */
	struct process_ref from;
	bool has_from;		   /* only areas that from owns move */
	struct dmaown_file *files; /* of the named contexts; none: all that to holds */
	size_t nr_files;
	struct dmaown_force *forces; /* as the module takes them */
	uint32_t nr_forces;
	struct remap_list remaps; /* of the request, and those that --remap auto found */
};

/* Does the area belong to an owner whose areas move? */
bool scope_has_owner(const struct transfer_scope *scope, const struct area_record *area);

/* Free the lists. The device and the channel stay open. */
void scope_free(struct transfer_scope *scope);

#endif

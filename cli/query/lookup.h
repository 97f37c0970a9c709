/* SPDX-License-Identifier: GPL-2.0-only */
/* Holders, devices, owners and units: data of columns besides their own record. */
#ifndef DMAOWN_CLI_QUERY_LOOKUP_H
#define DMAOWN_CLI_QUERY_LOOKUP_H

#include "channel/channel.h"
#include "holding.h"
#include "host/number_set.h"
#include "output/value.h"

/* The lists are read at the first use. */
struct lookup {
	struct channel *channel;
	struct record_list holders;
	struct record_list devices;
	struct record_list contexts;
	bool has_holders;
	bool has_devices;
	bool has_contexts;
	struct hash_index processes; /* holders: one for each process whose command is known */
	bool has_processes;
	const struct holder_record **by_device; /* those that hold a device, sorted by its name */
	size_t nr_by_device;
	uint32_t unit_pid; /* process whose unit is cached */
	char *unit;
};

const struct record_list *lookup_holders(struct lookup *lookup);
const struct record_list *lookup_devices(struct lookup *lookup);
const struct record_list *lookup_contexts(struct lookup *lookup);

/* The mark of an unknown holder in tables. */
#define UNKNOWN_MARK "?"

/*
 * Add a process to a list, unless the list has it. All processes without a PID in this PID
 * namespace share one item, which is unknown. Unknown holders share another one, which has
 * UNKNOWN_MARK.
 * @seen: what the list has; empty at first
 */
void lookup_add_process(struct value *list, const struct holder_record *holder,
			struct number_set *seen);

/* Return: the command name of a process that is a holder, or NULL. */
const char *lookup_command(struct lookup *lookup, struct holding_process process);

/*
 * Find the holders of a device, in the order of the list, whichever context they are in.
 * Return: an array of *nr of them.
 */
const struct holder_record *const *lookup_device_holders(struct lookup *lookup, const char *device,
							 size_t *nr);

/* Return: the unit of a process, or NULL; valid until the next call. */
const char *lookup_unit(struct lookup *lookup, uint32_t pid);

/* Return: the unit of the first holder of a context that has a PID here, or NULL. */
const char *lookup_context_unit(struct lookup *lookup, uint64_t context);

/*
 * Add one area of each owner in a context to a list.
 * @context: 0: in all contexts
 * @enough: stop after so many owners; 0: list all
 * Return: 0 or -errno.
 */
int lookup_owners(struct lookup *lookup, uint64_t context, uint32_t enough,
		  struct record_list *areas);

/*
 * Add the contexts that a process holds or owns areas in to a set of IDs.
 * Return: 0 or -errno.
 */
int lookup_contexts_of(struct lookup *lookup, uint32_t pid, struct number_set *contexts);

void lookup_free(struct lookup *lookup);

#endif

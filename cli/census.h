/* SPDX-License-Identifier: GPL-2.0-only */
/* Who holds and who owns: what columns need besides their own record. Read when first asked for. */
#ifndef DMAOWN_CLI_CENSUS_H
#define DMAOWN_CLI_CENSUS_H

#include "cell.h"
#include "channel.h"

struct census {
	struct channel *channel;
	struct record_list holders;
	struct record_list devices;
	bool has_holders;
	bool has_devices;
	uint32_t unit_pid;		/* whose unit was looked up last */
	char *unit;
};

const struct record_list *census_holders(struct census *census);
const struct record_list *census_devices(struct census *census);

/*
 * Add a process to a list, if it is not there. Those that a PID namespace hides are unknown: one item
 * for all of them.
 */
void census_add_process(struct cell *list, const struct holder_record *holder);

/* The unit of a process, or NULL; good until the next call. */
const char *census_unit(struct census *census, uint32_t pid);
/* The same of the first holder of a context that has a number here. */
const char *census_context_unit(struct census *census, uint64_t context);

/*
 * One area of each owner of a context's areas (0: of all contexts), added to a list; known_owners
 * of them are enough, if it is not 0. 0 or -errno.
 */
int census_owners(struct census *census, uint64_t context, uint32_t known_owners,
		  struct record_list *areas);

/* Records whose "context" are those that a process holds or owns areas in. 0 or -errno. */
int census_contexts_of(struct census *census, uint32_t pid, struct record_list *contexts);
bool census_has_context(const struct record_list *contexts, uint64_t id);

void census_free(struct census *census);

#endif

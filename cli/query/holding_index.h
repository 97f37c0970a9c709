/* SPDX-License-Identifier: GPL-2.0-only */
/* Which process holds which context? For many questions about the same holders. */
#ifndef DMAOWN_CLI_QUERY_HOLDING_INDEX_H
#define DMAOWN_CLI_QUERY_HOLDING_INDEX_H

#include "holding.h"
#include "host/hash.h"

struct holding_index {
	const struct record_list *holders;
	struct hash_index files;   /* by context and process: one for each */
	struct hash_index unclear; /* by process: one that could not be inspected for each */
};

/* The holders must outlive the index, unchanged. Return: 0 or -ENOMEM. */
int holding_index_make(struct holding_index *index, const struct record_list *holders);

/* Does the process hold the context? Unknown holders are no process. */
bool holding_index_has(const struct holding_index *index, uint64_t context,
		       struct holding_process process);

/* Has the process a file whose context is unknown, or may it have one? */
bool holding_index_is_unclear(const struct holding_index *index, struct holding_process process);
void holding_index_free(struct holding_index *index);

#endif

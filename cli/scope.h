/* SPDX-License-Identifier: GPL-2.0-only */
/* The contexts that a transfer is about. */
#ifndef DMAOWN_CLI_SCOPE_H
#define DMAOWN_CLI_SCOPE_H

#include "census.h"
#include "transfer.h"

/* Each once. */
struct scope {
	uint64_t *contexts;
	size_t nr;
};

/* Those that are named, or all that TO holds. 0 or -ENOMEM. */
int scope_find(struct scope *scope, const struct transfer *transfer, struct census *census);
bool scope_has(const struct scope *scope, uint64_t context);
void scope_free(struct scope *scope);

/*
 * Calls fn for each record of areas in all contexts or, where there is but one, in that one only.
 * As channel_each().
 */
int scope_each_area(const struct scope *scope, struct channel *channel, record_fn fn, void *data);

/* Is it to change hands, as far as --from goes? */
bool scope_means(const struct transfer *transfer, const struct area_record *area);

#endif

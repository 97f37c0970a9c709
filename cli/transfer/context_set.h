/* SPDX-License-Identifier: GPL-2.0-only */
/* The set of contexts that a transfer is about. */
#ifndef DMAOWN_CLI_TRANSFER_CONTEXT_SET_H
#define DMAOWN_CLI_TRANSFER_CONTEXT_SET_H

#include "query/lookup.h"
#include "scope.h"

struct context_set {
	struct number_set ids;
};

/* Collect the named contexts, or all that the new owner holds. Return: 0 or -ENOMEM. */
int context_set_find(struct context_set *set, const struct transfer_scope *scope,
		     struct lookup *lookup);
void context_set_free(struct context_set *set);

bool context_set_has(const struct context_set *set, uint64_t context);

/* Return: the only context of the set; or 0, which in a listing stands for all contexts. */
uint64_t context_set_only(const struct context_set *set);

/*
 * Call fn for each area record. If the set has several contexts, or none, these are the areas of
 * all contexts, and fn must skip those outside the set. Return: as channel_each().
 */
int context_set_each_area(const struct context_set *set, struct channel *channel, record_fn fn,
			  void *data);

#endif

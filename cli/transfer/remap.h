/* SPDX-License-Identifier: GPL-2.0-only */
/* The remap list: the address that the memory of each area has in the new owner. */
#ifndef DMAOWN_CLI_TRANSFER_REMAP_H
#define DMAOWN_CLI_TRANSFER_REMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "dmaown.h"

struct remap_list {
	struct dmaown_remap *items;
	size_t nr;
	size_t room;
};

/*
 * Parse "[CONTEXT/]IOAS:IOVA=ADDR", or several of these separated by commas, and add them. CONTEXT
 * is a whole ID. Return: false if a part cannot be parsed; *bad is that part.
 */
bool remap_parse(struct remap_list *list, const char *text, const char **bad);

/* Return: 0 or -ENOMEM. */
int remap_add(struct remap_list *list, const struct dmaown_remap *remap);
int remap_add_all(struct remap_list *list, const struct remap_list *remaps);
void remap_free(struct remap_list *list);

/* Finds entries of a list, which must outlive the index, unchanged. */
struct remap_index {
	const struct dmaown_remap **items; /* by context, IOAS and IOVA */
	size_t nr;
};

/* Return: 0 or -ENOMEM. */
int remap_index_make(struct remap_index *index, const struct remap_list *list);

/*
 * Return: the entry of an area, or NULL. An entry without a context is one of any context, but one
 * with this context comes before it. Of several that are alike it is the first in the list.
 */
const struct dmaown_remap *remap_index_find(const struct remap_index *index, uint64_t context,
					    uint32_t ioas, uint64_t iova);
void remap_index_free(struct remap_index *index);

#endif

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

#endif

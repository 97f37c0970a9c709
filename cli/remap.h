/* SPDX-License-Identifier: GPL-2.0-only */
/* The remap list: where the new owner has the memory of each area. */
#ifndef DMAOWN_CLI_REMAP_H
#define DMAOWN_CLI_REMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "dmaown.h"

struct remap_list {
	struct dmaown_remap *items;
	size_t nr;
	size_t room;
};

/*
 * Adds what "[CONTEXT/]IOAS:IOVA=ADDR" says, or several of these with commas between. CONTEXT is a whole
 * ID. False if it says something else; *bad is that part.
 */
bool remap_parse(struct remap_list *list, const char *text, const char **bad);

/* 0, or -ENOMEM */
int remap_add(struct remap_list *list, const struct dmaown_remap *remap);
void remap_free(struct remap_list *list);

#endif

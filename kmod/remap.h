/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_REMAP_H
#define DMAOWN_REMAP_H

#include <linux/types.h>
#include "uapi/dmaown.h"

struct reports;

/* An entry of the caller's list. */
struct remap {
	struct dmaown_remap entry;	/* with the context that is meant */
	u64 given_context;		/* as the caller has it */
	u32 index;			/* in the caller's array */
	bool used;			/* by the attempt at hand */
};

/* The caller's list, sorted by context, IOAS and IOVA. Without entries it says nothing. */
struct remaps {
	struct remap *array;
	u32 nr;
	u32 used;			/* how many have been found */
	u32 at;				/* where the next one is likely to be */
};

/* Copies the list from user space. -EINVAL if it is not well-formed by itself. */
int remaps_copy(struct remaps *remaps, u64 address, u32 nr);
void remaps_free(struct remaps *remaps);

/*
 * Once the contexts of the transfer are known: fills in the only one where an entry has none, and
 * sorts. Reports entries that are there twice. only_context: 0 if there are several.
 */
void remaps_begin(struct remaps *remaps, u64 only_context, struct reports *reports);

/* Forgets which entries have been found. */
void remaps_rewind(struct remaps *remaps);

/* The entry for an area; NULL if there is none. Does not sleep. */
const struct remap *remaps_find(struct remaps *remaps, u64 context, u32 ioas, u64 iova);

/* Reports the entries that remaps_find() has not found since remaps_rewind(). */
void remaps_end(const struct remaps *remaps, struct reports *reports);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_TRANSFER_REMAP_H
#define DMAOWN_TRANSFER_REMAP_H

#include <linux/types.h>
#include "uapi/dmaown.h"

struct reports;

/* An entry of the caller's list. */
struct remap {
	struct dmaown_remap entry; /* with the context filled in */
	u64 caller_context;	   /* from the caller; 0 if it named none */
	u32 index;		   /* in the caller's array */
	bool used;		   /* in the current attempt */
};

/* The caller's list, sorted by context, IOAS and IOVA. Without entries, there is no list. */
struct remaps {
	struct remap *array;
	u32 nr;
	u32 used; /* number of entries found */
	u32 at;	  /* index where the next search begins */
};

/*
 * Copy the list from user space. Return: 0; -EINVAL if an entry is not valid; -ENOMEM; or -EFAULT.
 */
int dmaown_remaps_copy(struct remaps *remaps, u64 address, u32 nr);
void dmaown_remaps_free(struct remaps *remaps);

/*
 * Prepare the list once the contexts of the transfer are known: fill in only_context where an entry
 * has no context, sort, and report duplicate entries. only_context: 0 if there are several.
 */
void dmaown_remaps_begin(struct remaps *remaps, u64 only_context, struct reports *reports);

/* Forget which entries were found. */
void dmaown_remaps_rewind(struct remaps *remaps);

/* Find the entry for an area. Does not sleep. Return: the entry, or NULL. */
const struct remap *dmaown_remaps_find(struct remaps *remaps, u64 context, u32 ioas, u64 iova);

/* Report the entries that dmaown_remaps_find() has not found since dmaown_remaps_rewind(). */
void dmaown_remaps_end(const struct remaps *remaps, struct reports *reports);

#endif

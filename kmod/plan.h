/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an attempt at a transfer would move, as it was found under the locks. As long as these are
 * held it is how things are; afterwards it is a list of numbers, and of owners with references.
 */
#ifndef DMAOWN_PLAN_H
#define DMAOWN_PLAN_H

#include <linux/types.h>
#include <linux/workqueue.h>
#include "iommufd.h"
#include "ptrset.h"
#include "remap.h"

/*
 * An old owner: what moves away from one (owner, mode). Allocated one by one, since that of an
 * address space whose lock is not to be had outlives the transfer.
 */
struct source {
	struct owner owner;		/* with references */
	u8 mode;
	bool has_mm;			/* with a reference on mm_users: it still exists */
	size_t moves;
	size_t npinned;			/* what the new owner is charged for */
	size_t charged;			/* what this one was charged for */
	struct source *next;		/* with the same hash */
	struct delayed_work work;	/* charge.c */
};

/* A pages object that changes hands. */
struct move {
	struct pages *pages;		/* used under the locks only */
	struct source *source;
	struct lockset_place place;	/* of the first area that shows it */
	unsigned long iova;
	unsigned long last;
	unsigned long offset;
	unsigned long addr;
	unsigned long new_addr;		/* addr, or what the remap list says */
	size_t npages;
	unsigned int sharers;
	bool by_address;
	bool writable;
};

#define PLAN_HASH_BITS	6

struct plan {
	/* What it is about. */
	struct iommufd_ctx **contexts;	/* those of the lockset */
	struct remaps *remaps;
	struct reports *reports;	/* where what is wrong with the remap list goes */
	const struct owner *to;
	pid_t from_tgid;		/* of the initial namespace; 0: from anyone */
	u64 from_start;

	u64 areas_total;
	u64 areas_from;			/* owned by FROM, moved or not */
	unsigned int areas;		/* that change hands */
	unsigned int areas_shared;	/* of these, whose pages object has other references */

	/* Where something was in flux, if plan_collect() said so. */
	struct lockset_place flux;
	unsigned long flux_iova;
	unsigned long flux_last;

	/* Room is made beforehand. *_want: what the last time would have needed. */
	struct move *moves;
	unsigned int moves_nr;
	unsigned int moves_room;
	unsigned int moves_want;
	struct source **sources;
	unsigned int sources_nr;
	unsigned int sources_room;
	unsigned int sources_want;
	struct source *hash[1 << PLAN_HASH_BITS];
	struct ptrset shared;
	unsigned int shared_want;
};

void plan_init(struct plan *plan);
void plan_free(struct plan *plan);

/* Makes room for what was short last time; may sleep. */
int plan_make_room(struct plan *plan);

/*
 * Fills the plan under the locks. -EBUSY: something is in flux; -EAGAIN: short of room; -EINTR. To
 * be forgotten in any case, with the locks given back.
 */
int plan_collect(struct plan *plan, struct lockset *set);
void plan_forget(struct plan *plan);

/* The ID of the context in which a place is. */
static inline u64 plan_context(const struct plan *plan, const struct lockset_place *place)
{
	return context_id(plan->contexts[place->context]);
}

/* Gives back what a source refers to. */
void source_put(struct source *source);

#endif

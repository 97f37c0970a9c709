/* SPDX-License-Identifier: GPL-2.0-only */
/* What a whole context holds, summed up: for records that are not about single areas. */
#ifndef DMAOWN_SUMS_H
#define DMAOWN_SUMS_H

#include "context.h"
#include "ptrset.h"

/* How many objects, areas or accesses are copied at once. */
#define BATCH		64

/* The areas of one owner. */
struct owner_sum {
	struct owner owner;		/* with references */
	enum dmaown_kind kind;
	u8 mode;
	bool unlimited;			/* no limit holds for any of them */
	unsigned int contexts;
	const void *last_context;	/* only to be compared */
	u64 areas;
	u64 npinned;
};

struct owner_sums {
	struct owner_sum *sums;
	unsigned int nr;
	unsigned int room;
	unsigned int last;		/* found last: likely to be wanted again */
};

/* An object, and if it is an IOAS or HWPT what belongs to it. */
struct object_sum {
	struct object object;
	u32 hwpt;			/* of an attached device */
	u32 ioas;			/* of a HWPT or an attached device */
	unsigned int hwpts;
	unsigned int devices;
	unsigned int accesses;
	u64 areas;
	u64 mapped;
	u64 npinned;
	bool busy;			/* an IOAS that was locked: what it holds is unknown */
};

/* All objects of a context, by ID. */
struct context_sums {
	struct object_sum *objects;
	unsigned int nr;
	unsigned int room;
};

/*
 * How long somebody's listing waits, all in all, for IOASes that are locked, before it takes them
 * as busy; in milliseconds.
 */
struct patience {
	unsigned int left;
};

/* Waits a little if there is patience left; false if not. */
bool wait_patiently(struct patience *patience);

/*
 * context_areas() and context_accesses(), but a locked IOAS is tried again as long as there is
 * patience.
 */
int patient_areas(struct patience *patience, struct context ctx, struct cursor *cursor,
		  struct area *batch);
int patient_accesses(struct patience *patience, struct context ctx, struct cursor *cursor,
		     struct access *batch);

/* Moves a cursor to the next IOAS. */
void cursor_skip(struct cursor *cursor);

/* True for the first of the areas that show a pages object. There is room in the set. */
bool shown_first(struct ptrset *seen, const struct area *area);

/* The objects of a context, with what hangs on what. -EAGAIN if it stays locked. */
int context_sums_objects(struct context_sums *sums, struct context ctx,
			 struct patience *patience);

/*
 * Adds what the IOASes hold, and what each owner owns in them. owners may be NULL. To come after
 * context_sums_objects().
 */
int context_sums_areas(struct context_sums *sums, struct context ctx,
		       struct patience *patience, struct owner_sums *owners);
void context_sums_free(struct context_sums *sums);
void owner_sums_free(struct owner_sums *owners);

#endif

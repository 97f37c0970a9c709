/* SPDX-License-Identifier: GPL-2.0-only */
/* Totals of a context, for records that do not describe single areas. */
#ifndef DMAOWN_TOTALS_H
#define DMAOWN_TOTALS_H

#include "context.h"
#include "ptrset.h"
#include "retry.h"

/* Objects, areas or accesses that are copied at once */
#define BATCH 64

/* The areas of one owner. */
struct owner_total {
	struct owner owner; /* with references */
	enum dmaown_kind kind;
	u8 mode;
	bool unlimited; /* no limit applies to any of the areas */
	unsigned int contexts;
	const void *seen_context; /* context counted last; only to be compared */
	u64 areas;
	u64 npinned;
	unsigned int next; /* 1 + index of another one with the same key; 0: none */
};

struct owner_totals {
	struct owner_total *array;
	unsigned int nr;
	unsigned int room;
	unsigned int cached; /* index found last; neighbours usually share an owner */
	struct ptrset keys;  /* values: 1 + index of the first one with this key */
};

/* An object and, of an IOAS or HWPT, the totals of what belongs to it. */
struct object_total {
	struct object object;
	u32 hwpt; /* of an attached device */
	u32 ioas; /* of a HWPT or an attached device */
	unsigned int hwpts;
	unsigned int devices;
	unsigned int accesses;
	u64 areas;
	u64 mapped;
	u64 npinned;
	bool busy; /* a locked IOAS: its totals are unknown */
};

/* All objects of a context, by ID. */
struct context_totals {
	struct object_total *objects;
	unsigned int nr;
	unsigned int room;
};

/*
 * dmaown_context_areas() and dmaown_context_accesses() with retries for a locked IOAS while the
 * budget lasts.
 */
int dmaown_areas_retry(struct wait_budget *budget, struct context ctx, struct cursor *cursor,
		       struct area *batch);
int dmaown_accesses_retry(struct wait_budget *budget, struct context ctx, struct cursor *cursor,
			  struct access *batch);

/* Is this the first area that shows its pages object? The caller has reserved room in the set. */
bool dmaown_shown_first(struct ptrset *seen, const struct area *area);

/*
 * Load the objects of a context, and which belong to which. Return: 0; -EAGAIN if the context stays
 * locked; -ENOMEM; or -EINTR.
 */
int dmaown_totals_objects(struct context_totals *totals, struct context ctx,
			  struct wait_budget *budget);

/*
 * Add the totals of the IOASes, and of each owner if owners is not NULL. Call after
 * dmaown_totals_objects().
 */
int dmaown_totals_areas(struct context_totals *totals, struct context ctx,
			struct wait_budget *budget, struct owner_totals *owners);
void dmaown_totals_free(struct context_totals *totals);
void dmaown_owner_totals_free(struct owner_totals *owners);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an attempt at a transfer would move, as it was found under the locks. As long as these are
 * held it is how things are; afterwards it is a list of numbers, and of owners with references.
 */
#ifndef DMAOWN_PLAN_H
#define DMAOWN_PLAN_H

#include <linux/types.h>
#include <linux/workqueue.h>
#include "context.h"
#include "ptrset.h"
#include "range.h"
#include "remap.h"

/*
 * An old owner: what moves away from one (owner, mode) in contexts of one kind. Allocated one by
 * one, since that of an address space whose lock is not to be had outlives the transfer.
 */
struct source {
	struct owner owner;		/* with references */
	u8 mode;
	const struct backend *backend;	/* of the contexts: what follows is as it says */
	bool counts_pins;
	bool limit_by_privilege;
	bool has_mm;			/* with a reference on mm_users: it still exists */
	bool gone;			/* dead or stale */
	size_t moves;
	size_t npinned;			/* what the new owner is charged for */
	size_t charged;			/* what this one was charged for */
	struct source *next;		/* with the same hash */
	struct delayed_work work;	/* charge.c */
};

/* A pages object that is mapped by address and changes hands, or place. */
struct move {
	struct pages *pages;		/* used under the locks only */
	struct mm_struct *mm;		/* the source's */
	unsigned long addr;
	unsigned long new_addr;		/* addr, or what the remap list says */
	size_t npages;
	struct source *source;
	struct lockset_place place;	/* of the first area that shows it */
	unsigned long iova;
	unsigned long last;
	unsigned long offset;
	bool nowhere;			/* the remap list has no address for it */
	bool by_pages;			/* it is an orphan, whose pages prove what it is */
	u8 want;			/* MEMORY_* */
	bool shared;			/* other areas may show it, too */
};

/* In the order in which areas are walked: by context, IOAS and IOVA. */
struct moves {
	struct move *array;
	unsigned int nr;
	unsigned int room;
};

/*
 * An area that is mapped by address, and whose address says nothing: the owner's address space is
 * gone, or the address was taken back. All that is left to compare with are the pages that are
 * pinned.
 */
struct orphan {
	const struct pages *pages;	/* only to be compared */
	const struct source *source;
	struct lockset_place place;
	unsigned long iova;
	unsigned long last;
	unsigned long first;		/* page of the pages object in which it begins */
	unsigned long addr;		/* of its first byte, in the old owner's address space */
	unsigned long new_addr;		/* and in the new one's */
	u8 want;			/* MEMORY_* */
};

#define PLAN_HASH_BITS	6

/* A plan that is not in detail is for mappings as few as a virtual machine monitor has. */
#define PLAN_RANGES	32

struct plan {
	/* What it is about. */
	const struct context *contexts;	/* those of the lockset */
	struct remaps *remaps;
	struct reports *reports;	/* where what is wrong with the remap list goes */
	const struct owner *to;
	unsigned int contexts_nr;
	pid_t from_tgid;		/* of the initial namespace; 0: from anyone */
	u64 from_start;
	bool adopt;			/* from owners that are gone, too */

	/*
	 * With moves[] and orphans[]. Else they are only counted, ranges[] has the memory behind
	 * them, and all of it is to stay where it is.
	 */
	bool detail;

	bool privileged;		/* the new owner, as of the last plan_collect() */
	u64 areas_total;
	u64 areas_from;			/* owned by FROM, moved or not */
	unsigned int areas;		/* that change hands */
	unsigned int adopted;		/* of these, whose owner is dead or stale */
	unsigned int objects;		/* pages objects that they show */
	unsigned int given;		/* of these, what moves[] does not have */
	unsigned int users;		/* of these, where a user is recorded */
	bool vague;			/* it takes more detail to know whether they can be moved */

	/* Areas whose pages object has more references than one: looked at; that change hands. */
	unsigned int areas_shared;
	u64 sharing;
	u64 sharers;			/* and all references on the pages objects of the latter */

	/* Where something was in flux, if plan_collect() said so. */
	struct lockset_place flux;
	unsigned long flux_iova;
	unsigned long flux_last;

	struct mem_range ranges[PLAN_RANGES];
	unsigned int ranges_nr;

	/* Room is made beforehand. *_want: what the last time would have needed. */
	struct moves moves;
	unsigned int moves_want;
	struct orphan *orphans;
	unsigned int orphans_nr;
	unsigned int orphans_room;
	unsigned int orphans_want;
	unsigned long *touched;		/* a bit for each context with a new owner */
	struct source **sources;
	unsigned int sources_nr;
	unsigned int sources_room;
	unsigned int sources_want;
	struct source *last;		/* found last */
	struct source *hash[1 << PLAN_HASH_BITS];
	struct ptrset losers;		/* processes other than the new owner, by struct pid */
	bool other_losers;		/* and: dead ones, or the new owner before its exec */
	struct ptrset shared;
	unsigned int shared_want;
};

/* Whether a process, by its struct pid, is one of those that lose areas; or the only one. */
bool plan_takes_from(const struct plan *plan, const struct pid *pid);
bool plan_takes_only_from(const struct plan *plan, const struct pid *pid);

void plan_init(struct plan *plan);
void plan_free(struct plan *plan);

/* From here to plan_end() it is about these contexts. */
int plan_begin(struct plan *plan, const struct context *contexts, unsigned int nr);
void plan_end(struct plan *plan);

/* Makes room for what was short last time; may sleep. */
int plan_make_room(struct plan *plan);

/*
 * Fills the plan under the locks. -EBUSY: something is in flux; -ENOSPC: short of room; -EINTR. To
 * be forgotten in any case, with the locks given back.
 */
int plan_collect(struct plan *plan, struct lockset *set);
void plan_forget(struct plan *plan);

/* Whether pages objects of this owner are to be taken from it, wherever they are. */
bool plan_takes(const struct owner *owner, const void *plan);

/* The ID of the context in which a place is. */
static inline u64 plan_context(const struct plan *plan, const struct lockset_place *place)
{
	return context_id(plan->contexts[place->context]);
}

/* Gives back what a source refers to. */
void source_put(struct source *source);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The plan of an attempt: what it would move, as found under the locks. While the locks are held,
 * it is the current state. Afterwards it is a list of numbers, and of owners with references.
 */
#ifndef DMAOWN_TRANSFER_PLAN_H
#define DMAOWN_TRANSFER_PLAN_H

#include <linux/types.h>
#include <linux/workqueue.h>
#include "context.h"
#include "glance.h"
#include "ptrset.h"
#include "remap.h"

/*
 * An old owner: what moves away from one (owner, mode) in contexts of one kind. Each is allocated
 * separately, because a worker may keep it after the transfer.
 */
struct old_owner {
	struct owner owner; /* with references */
	u8 mode;
	const struct backend *backend; /* of the contexts; the next two are copied from it */
	bool counts_pins;
	bool limit_by_privilege;
	bool has_mm; /* with a reference on mm_users: the address space still exists */
	bool gone;   /* dead or stale */
	size_t moves;
	size_t npinned;		  /* pages for which the new owner is charged */
	size_t charged;		  /* pages for which this owner was charged */
	struct old_owner *next;	  /* with the same hash */
	struct delayed_work work; /* see charge.c */
};

/* A pages object that is mapped by address and changes its owner or address. */
struct move {
	struct pages *pages;  /* valid under the locks only */
	struct mm_struct *mm; /* of the old owner */
	unsigned long addr;
	unsigned long new_addr; /* addr, or the address in the remap list */
	size_t npages;
	struct old_owner *old_owner;
	struct lockset_place place; /* of the first area that shows it */
	unsigned long iova;
	unsigned long last;
	unsigned long offset;
	bool nowhere;  /* it has no new address; a report says why */
	bool by_pages; /* an orphan: its pinned pages prove the memory */
	u8 want;       /* MEMORY_* */
	bool shared;   /* other areas may show it, too */
};

/* Sorted as areas are walked: by context, IOAS and IOVA. */
struct moves {
	struct move *array;
	unsigned int nr;
	unsigned int room;
};

/*
 * An area that is mapped by address, where the address proves nothing: the owner's address space no
 * longer exists, or the address was taken back. Only the pinned pages can be compared.
 */
struct orphan {
	const struct pages *pages; /* only to be compared */
	const struct old_owner *old_owner;
	struct lockset_place place;
	unsigned long iova;
	unsigned long last;
	unsigned long first;	/* page of the pages object in which it begins */
	unsigned long addr;	/* of its first byte, in the old owner's address space */
	unsigned long new_addr; /* of its first byte, in the new owner's address space */
	u8 want;		/* MEMORY_* */
};

#define PLAN_HASH_BITS 6

/* The counts of a plan, cleared by dmaown_plan_forget(). */
struct plan_counts {
	u64 areas_total;
	u64 areas_from;	      /* owned by FROM, moved or not */
	unsigned int areas;   /* that change owner or address */
	unsigned int adopted; /* of these, with a dead or stale owner */
	unsigned int objects; /* pages objects that they show */
	unsigned int bulk;    /* of these, moved by dmaown_lockset_move_owners(), not by moves[] */
	unsigned int users;   /* of these, with a recorded user */

	/*
	 * Areas whose pages object has several references: all that were visited; those that change
	 * owner or address.
	 */
	unsigned int areas_shared;
	u64 sharing;
	u64 sharers; /* references on the pages objects of the latter */
};

struct plan {
	/* The parameters of the transfer. */
	const struct context *contexts; /* those of the lockset */
	struct remaps *remaps;
	struct reports *reports; /* for errors in the remap list */
	const struct owner *to;
	unsigned int contexts_nr;
	pid_t from_tgid; /* in the initial namespace; 0 for any owner */
	u64 from_start;
	bool adopt;	 /* also move from owners that are gone */
	bool taken_back; /* also set new addresses where they were taken back */

	/*
	 * Fill moves[] and orphans[]. Otherwise they are only counted, the glance compares the
	 * memory behind them, and all of it keeps its address.
	 */
	bool detail;

	bool privileged; /* of the new owner, set by dmaown_plan_collect() */
	struct plan_counts counts;
	bool vague; /* only a plan in detail shows whether the pages objects can be moved */
	struct glance glance;

	/* The place that is in flux, after -EBUSY of dmaown_plan_collect(). */
	struct lockset_place flux;
	unsigned long flux_iova;
	unsigned long flux_last;

	/* Room is made beforehand. *_needed: the room that the last walk would have needed. */
	struct moves moves;
	unsigned int moves_needed;
	struct orphan *orphans;
	unsigned int orphans_nr;
	unsigned int orphans_room;
	unsigned int orphans_needed;
	unsigned long *touched; /* a bit for each context with a new owner */
	struct old_owner **old_owners;
	unsigned int old_owners_nr;
	unsigned int old_owners_room;
	unsigned int old_owners_needed;
	struct old_owner *cached; /* found last */
	struct old_owner *hash[1 << PLAN_HASH_BITS];
	struct ptrset taken_from; /* processes that lose areas, by struct pid; not the new owner */
	bool taken_from_others;	  /* also owners that are dead, or the new owner before its exec */
	struct ptrset shared;
	unsigned int shared_needed;
};

/* Is this process, by its struct pid, the only one that loses areas? */
bool dmaown_plan_takes_only_from(const struct plan *plan, const struct pid *pid);

void dmaown_plan_init(struct plan *plan);
void dmaown_plan_free(struct plan *plan);

/* Between the two calls, the plan is for these contexts. */
int dmaown_plan_begin(struct plan *plan, const struct context *contexts, unsigned int nr);
void dmaown_plan_end(struct plan *plan);

/* Make the room that was short the last time. May sleep. */
int dmaown_plan_make_room(struct plan *plan);

/*
 * Fill the plan under the locks. Call dmaown_plan_forget() in any case, after the locks are
 * dropped. Return: 0; -EBUSY if something is in flux; -ENOSPC if there is too little room; or
 * -EINTR.
 */
int dmaown_plan_collect(struct plan *plan, struct lockset *set);
void dmaown_plan_forget(struct plan *plan);

/* Does the plan take pages objects from this owner? */
bool dmaown_plan_takes(const struct owner *owner, const void *plan);

/* The ID of the context of a place. */
static inline u64 plan_context(const struct plan *plan, const struct lockset_place *place)
{
	return dmaown_context_id(plan->contexts[place->context]);
}

/* Drop the references of an old owner. */
void dmaown_old_owner_put(struct old_owner *old_owner);

#endif

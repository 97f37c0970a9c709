/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Contexts, of whatever kind: what there is to know of one, and to do with it, its backend knows
 * (backend.h), and nobody else has to know which that is.
 *
 * Everything takes a context on which the caller holds a reference. That keeps the context from
 * being released, so nobody holds one longer than a call from user space lasts.
 */
#ifndef DMAOWN_CONTEXT_H
#define DMAOWN_CONTEXT_H

#include <linux/types.h>
#include "owner.h"

struct backend;

/* Two are the same context if their selves are. */
struct context {
	const struct backend *backend;
	void *self;			/* NULL: there is no context */
};

void context_get(struct context ctx);
void context_put(struct context ctx);
u64 context_id(struct context ctx);
enum dmaown_kind context_kind(struct context ctx);

/*
 * Whether a context that a file was found to be of is in use as one: -ENOENT if not, -EAGAIN if it
 * is locked, so that it cannot be told, or -ENOMEM.
 */
int context_present(struct context ctx);

/* What is particular to the kind of context: see struct backend. */
bool context_counts_pins(struct context ctx);
bool context_limit_by_privilege(struct context ctx);
bool context_takes_io(struct context ctx);

/* How areas will be accounted that a process without CAP_IPC_LOCK maps from now on. */
enum dmaown_mode context_mode(struct context ctx);

/*
 * LOOKING
 *
 * Listings take no reference on anything in a context, so that nobody's destroy fails because of
 * them: each call copies a few under the lock that keeps them from being removed, and the next goes
 * on by key.
 */

enum object_type { OBJECT_IOAS, OBJECT_HWPT, OBJECT_DEVICE };

struct object {
	enum object_type type;
	u32 id;
	const void *self;		/* only to be compared */
	const void *attached;		/* of a device: the self of its HWPT, or stale, or NULL */
	u32 ioas;			/* of a HWPT, or of a device that has none */
	unsigned long alignment;	/* of an IOAS */
	bool nested;			/* of a HWPT */
	bool auto_domain;
	char name[64];			/* of a device */
};

/*
 * Copies at most nr objects with IDs from *id on, and moves *id behind what was looked at. 0 at the
 * end; 1 if there may be more, even if *done is 0; -EAGAIN if the context is locked: try again.
 */
int context_objects(struct context ctx, u32 *id, struct object *batch, unsigned int nr,
		    unsigned int *done);

struct area {
	u32 ioas;
	unsigned long iova;
	unsigned long last;
	bool readable;
	bool writable;
	unsigned int accesses;
	const void *pages;	/* only to be compared; NULL: in flux, nothing below is set */
	enum dmaown_source source;
	bool invalid;			/* its address does not hold until it is given anew */
	bool unlimited;			/* whatever the owner's limit is, it does not hold */
	u64 start;			/* user address, or offset in the file */
	unsigned int sharers;
	size_t npinned;
	u8 mode;
	struct owner owner;		/* with references */
};

struct access {
	u32 id;
	u32 ioas;
};

/*
 * Where to go on: at the IOAS with this ID or the next one, as long as the ID is not above last_id;
 * in it, at this IOVA, or index of an access.
 */
struct cursor {
	u32 id;
	u32 last_id;
	unsigned long key;
};

/*
 * Copies at most nr areas, or accesses that are attached to an IOAS, from the cursor on, and moves
 * it behind the last; 0 at the end. -EAGAIN if the IOAS cursor->id is locked: try again, or go on
 * with the next ID. -EINTR if the caller is being killed. areas_put() gives back what a batch
 * refers to.
 */
int context_areas(struct context ctx, struct cursor *cursor, struct area *batch, unsigned int nr);
void areas_put(struct area *batch, unsigned int nr);
int context_accesses(struct context ctx, struct cursor *cursor, struct access *batch,
		     unsigned int nr);

/* Pages of an area, which is the same still if it shows the same pages object from there on. */
struct stretch {
	u32 ioas;
	unsigned long iova;		/* where the area begins */
	const void *pages;		/* only to be compared */
	unsigned long first;		/* page of the pages object in which the area begins */
	unsigned long at;		/* page of the area in which the stretch begins */
};

/*
 * Copies the numbers of the page frames that are pinned in a stretch, at most nr: PFN_NONE where
 * nothing is. 0 at the end of the area; -ESTALE if there is no such area any more; -EAGAIN if it is
 * locked: try again. A destroy of the IOAS waits meanwhile: a few hundred at a time are enough.
 */
#define PFN_NONE	ULONG_MAX
int context_pinned(struct context ctx, const struct stretch *stretch, unsigned long *pfns,
		   unsigned int nr);

/*
 * CHANGING
 *
 * A lockset holds everything in some contexts still: no area comes or goes, and nobody reads or
 * changes an owner, until it is unlocked. Those of the same kind stand next to each other.
 */
struct lockset;

struct lockset *lockset_alloc(const struct context *contexts, unsigned int nr);
void lockset_free(struct lockset *set);

struct lockset_place {
	unsigned int context;		/* index in contexts[] */
	u32 ioas;			/* 0: none in particular */
};

/*
 * Takes all locks or none, and waits for none: -EBUSY if somebody holds one, and *who says in which
 * context and IOAS. -EAGAIN: IOASes came meanwhile, and there is room for them now.
 */
int lockset_lock(struct lockset *set, struct lockset_place *who);
void lockset_unlock(struct lockset *set);

struct pages;			/* a pages object */

/*
 * An area as it is under the lockset, with no references. Or several alike, one after the other, of
 * the same IOAS, each alone in showing its pages object, of the same owner in the same mode: mapped
 * from files or dma-bufs; or by address, valid and equally writable, with pages objects that follow
 * on each other in the owner's address space. Then npinned and charged, and by address npages, are
 * their sums, and the rest is the first one's.
 */
struct locked_area {
	struct lockset_place place;
	unsigned int nr;	/* how many */
	unsigned long iova;
	unsigned long last;
	struct pages *pages;	/* NULL: another thread sets it up, nothing below is set */
	unsigned int sharers;	/* all references on the pages object, also those not of areas */
	enum dmaown_source source;
	bool invalid;		/* its address does not hold until it is given anew */
	bool writable;
	u8 mode;
	unsigned long addr;	/* if by address: that of the pages object's first page */
	size_t npages;
	unsigned long offset;	/* of the area's first byte in the pages object */
	size_t npinned;
	size_t charged;		/* what the owner was charged; differs from npinned at times */
	struct owner owner;
};

/*
 * Calls fn for each area, or for several alike, in the order of contexts[], IOAS IDs and IOVAs,
 * until it returns something else than 0; returns that, or -EINTR if the caller is being killed. In
 * detail, those that are mapped by address are shown one by one.
 */
typedef int (*area_fn)(const struct locked_area *area, void *arg);
int lockset_walk(struct lockset *set, bool detail, area_fn fn, void *arg);

/*
 * Whether what is pinned behind an area may have been pinned anew since context_pinned(), without
 * anything else to show for it; and what it is, from a page of the pages object on, as that copies
 * it.
 */
bool pages_may_change(struct context ctx);
unsigned int pages_pinned(struct context ctx, const struct pages *pages, unsigned long at,
			  unsigned long *pfns, unsigned int nr);

/*
 * After a walk to its end: makes to the owner of every pages object whose owner is one that gives
 * says it is to be taken from; returns how many there were. by_address is for those that are mapped
 * by address, too, after a walk that was not in detail. References, charges and privileged as with
 * pages_set_owner().
 */
typedef bool (*gives_fn)(const struct owner *owner, const void *arg);
struct giving {
	const struct owner *to;
	bool privileged;
	bool by_address;
	gives_fn gives;
	const void *arg;
};

size_t lockset_give(struct lockset *set, const struct giving *giving);

/*
 * Makes owner the owner of a pages object of a context, as one that is charged for all that is
 * pinned, with a limit or not (privileged: process_may_lock()). Takes over one reference on each
 * part of owner, and leaves those on the old one to the caller.
 */
void pages_set_owner(struct context ctx, struct pages *pages, const struct owner *owner,
		     bool privileged);

/* Says where in its owner's address space a pages object that is mapped by address begins. */
void pages_set_addr(struct context ctx, struct pages *pages, unsigned long addr);

#endif

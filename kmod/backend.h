/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What there is for each kind of context: iommufd's in iommufd/, VFIO type1 containers in type1/.
 * What the functions do stands at those of the same name in context.h.
 */
#ifndef DMAOWN_BACKEND_H
#define DMAOWN_BACKEND_H

#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include "context.h"

/*
 * The part of a lockset that is of one kind, and the beginning of what its backend keeps in it. The
 * first context has the index first among all contexts of the lockset.
 */
struct lockset_part {
	const struct backend *backend;
	const struct context *contexts;
	unsigned int nr;
	unsigned int first;
	/*
	 * Held as long as anything is locked, and never contended: it is what lockdep is told that
	 * the many locks nest in.
	 */
	struct mutex *nest;
};

/*
 * Tells lockdep of a lock that has just been taken by a trylock, one of many of its class. It would
 * run out of entries at 48 held locks; those that nest in the same lock, and are taken one after
 * the other, it counts as one (up to 2,047 of them).
 */
#ifdef CONFIG_DEBUG_LOCK_ALLOC
static inline void lock_nests(struct lockset_part *part, struct lockdep_map *map, bool shared)
{
	lock_release(map, _THIS_IP_);
	if (shared)
		lock_acquire_shared(map, 0, 1, &part->nest->dep_map, _THIS_IP_);
	else
		lock_acquire_exclusive(map, 0, 1, &part->nest->dep_map, _THIS_IP_);
}

#define LOCK_NESTS(part, lock, shared)	lock_nests(part, &(lock)->dep_map, shared)
#else
#define LOCK_NESTS(part, lock, shared)	do { } while (0)
#endif

/* Whether memory that begins there follows on that of a view, and not on the end of all numbers. */
static inline bool area_continues(const struct locked_area *view, unsigned long addr)
{
	return addr > view->addr && addr == view->addr + (view->npages << PAGE_SHIFT);
}

struct backend {
	enum dmaown_kind kind;

	/* What is pinned counts as such in the owner's address space (VmPin). */
	bool counts_pins;

	/*
	 * Whether the new owner's limit holds is not recorded with what it gets: it holds unless
	 * the new owner has CAP_IPC_LOCK.
	 */
	bool limit_by_privilege;

	/* Memory of devices can be mapped by address, too. */
	bool takes_io;

	void (*get)(void *self);
	void (*put)(void *self);
	int (*present)(void *self);	/* NULL: they always are */
	enum dmaown_mode (*mode)(void *self);
	int (*objects)(void *self, u32 *id, struct object *batch, unsigned int nr,
		       unsigned int *done);
	int (*areas)(void *self, struct cursor *cursor, struct area *batch, unsigned int nr);
	int (*accesses)(void *self, struct cursor *cursor, struct access *batch, unsigned int nr);
	int (*pinned)(void *self, const struct stretch *stretch, unsigned long *pfns,
		      unsigned int nr);

	/* Zeroed, or NULL; part_free() when it is unlocked. */
	struct lockset_part *(*part_alloc)(void);
	void (*part_free)(struct lockset_part *part);
	int (*lock)(struct lockset_part *part, struct lockset_place *who);
	void (*unlock)(struct lockset_part *part);
	int (*walk)(struct lockset_part *part, bool detail, area_fn fn, void *arg);
	/* NULL: what is pinned for an owner that is gone stays that as long as it is pinned. */
	unsigned int (*pinned_now)(void *self, const struct pages *pages, unsigned long at,
				   unsigned long *pfns, unsigned int nr);
	size_t (*give)(struct lockset_part *part, const struct giving *giving);
	/* privileged: see limit_by_privilege. */
	void (*set_owner)(void *self, struct pages *pages, const struct owner *owner,
			  bool privileged);
	void (*set_addr)(void *self, struct pages *pages, unsigned long addr);
};

extern const struct backend iommufd_backend;
extern const struct backend type1_backend;

#endif

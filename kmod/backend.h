/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The operations on a kind of context: iommufd/ implements them for iommufd, type1/ for VFIO type1
 * containers. The functions of the same name in context.h document them.
 */
#ifndef DMAOWN_BACKEND_H
#define DMAOWN_BACKEND_H

#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include "context.h"

struct file;

/*
 * The contexts of one kind in a lockset. It is the first member of the struct in which the backend
 * keeps its own state. The first context has the index @first among all contexts of the lockset.
 */
struct lockset_part {
	const struct backend *backend;
	const struct context *contexts;
	unsigned int nr;
	unsigned int first;
	/*
	 * Held while anything is locked, and never contended. Lockdep is told that the many locks
	 * nest in it.
	 */
	struct mutex *nest;
};

/*
 * Tell lockdep that a lock which was just taken with a trylock is one of many of its class. Lockdep
 * has room for 48 held locks. It counts locks as one (up to 2,047 of them) if they nest in the same
 * lock and are taken one after the other. Lockdep then only knows that locks of the class are held:
 * an assertion is true for each of them, in the mode (read or write) of the first.
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

#define LOCK_NESTS(part, lock, shared) lock_nests(part, &(lock)->dep_map, shared)
#else
#define LOCK_NESTS(part, lock, shared) \
	do {                           \
	} while (0)
#endif

/* Does memory at addr follow directly on the memory of a view, without wrapping around at 0? */
static inline bool area_continues(const struct locked_area *view, unsigned long addr)
{
	return addr > view->addr && addr == view->addr + (view->npages << PAGE_SHIFT);
}

struct backend {
	enum dmaown_kind kind;

	/* Pages that are pinned count as pinned in the owner's address space (VmPin) */
	bool counts_pins;

	/*
	 * The context does not record whether the limit of a new owner holds: it holds unless the
	 * new owner has CAP_IPC_LOCK.
	 */
	bool limit_by_privilege;

	/* Memory of devices can be mapped by address */
	bool takes_io;

	/* The context lives as long as its file: each of its descriptors is a reference */
	bool is_file;

	void (*get)(void *self);
	void (*put)(void *self);
	unsigned long (*references)(void *self);
	bool (*has_file)(void *self, const struct file *file);
	int (*live)(void *self);			   /* NULL if all contexts are live */
	void (*mapped)(void *self, struct mapped *mapped); /* NULL if its file cannot be mapped */
	enum dmaown_mode (*mode)(void *self);
	int (*objects)(void *self, u32 *id, struct object *batch, unsigned int nr,
		       unsigned int *done);
	int (*areas)(void *self, struct cursor *cursor, struct area *batch, unsigned int nr);
	int (*accesses)(void *self, struct cursor *cursor, struct access *batch, unsigned int nr);
	int (*pinned)(void *self, const struct stretch *stretch, unsigned long *pfns,
		      unsigned int nr);

	/* Return: a zeroed part, to be freed with part_free() once it is unlocked; or NULL. */
	struct lockset_part *(*part_alloc)(void);
	void (*part_free)(struct lockset_part *part);
	int (*lock)(struct lockset_part *part, struct lockset_place *where);
	void (*unlock)(struct lockset_part *part);
	int (*walk)(struct lockset_part *part, bool detail, area_fn fn, void *arg);
	/*
	 * NULL if the pages that are pinned for an owner without an address space stay the same
	 * until they are unpinned.
	 */
	unsigned int (*pinned_now)(void *self, const struct pages *pages, unsigned long at,
				   unsigned long *pfns, unsigned int nr);
	size_t (*move_owners)(struct lockset_part *part, const struct takeover *takeover);
	/* privileged: see limit_by_privilege. */
	void (*set_owner)(void *self, struct pages *pages, const struct owner *owner,
			  bool privileged);
	void (*set_addr)(void *self, struct pages *pages, unsigned long addr);
};

extern const struct backend dmaown_iommufd_backend;
extern const struct backend dmaown_type1_backend;

#endif

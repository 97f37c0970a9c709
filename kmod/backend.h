/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What there is for each kind of context: iommufd's in iommufd/, VFIO type1 containers in type1/.
 * What the functions do stands at those of the same name in context.h.
 */
#ifndef DMAOWN_BACKEND_H
#define DMAOWN_BACKEND_H

#include "context.h"

struct mutex;

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
	 * the many locks nest in, of which it would count 48 at most.
	 */
	struct mutex *nest;
};

struct backend {
	enum dmaown_kind kind;

	/* What is pinned counts as such in the owner's address space (VmPin). */
	bool counts_pins;

	/*
	 * Whether the new owner's limit holds is not recorded with what it gets: it holds unless
	 * the new owner has CAP_IPC_LOCK.
	 */
	bool limit_by_privilege;

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
	int (*walk)(struct lockset_part *part, area_fn fn, void *arg);
	size_t (*give)(struct lockset_part *part, const struct owner *to, gives_fn gives,
		       const void *arg);
	void (*set_owner)(void *self, struct pages *pages, const struct owner *owner);
	void (*set_addr)(void *self, struct pages *pages, unsigned long addr);
};

extern const struct backend iommufd_backend;
extern const struct backend type1_backend;

#endif

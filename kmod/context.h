/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Contexts of any kind. Callers do not need to know the kind: the backend of a context (backend.h)
 * implements all operations.
 *
 * All functions take a context on which the caller holds a reference. The reference keeps the
 * context from being released, so nobody holds one longer than a call from user space lasts.
 */
#ifndef DMAOWN_CONTEXT_H
#define DMAOWN_CONTEXT_H

#include <linux/types.h>
#include "owner.h"

struct backend;
struct file;
struct mapped;

/* Two contexts are the same if their selves are the same. */
struct context {
	const struct backend *backend;
	void *self; /* NULL if there is no context */
};

void dmaown_context_get(struct context ctx);
void dmaown_context_put(struct context ctx);
u64 dmaown_context_id(struct context ctx);
enum dmaown_kind dmaown_context_kind(struct context ctx);

/*
 * Is the context of a file in use? Return: 0 if it is; -ENOENT if not; -EAGAIN if it is locked, so
 * that its state is unknown; -ENOEXEC if it is, but the module has no layout for it; or -ENOMEM.
 */
int dmaown_context_live(struct context ctx);

/* Properties of the kind of context: see struct backend. */
bool dmaown_context_counts_pins(struct context ctx);
bool dmaown_context_limit_by_privilege(struct context ctx);
bool dmaown_context_takes_io(struct context ctx);
bool dmaown_context_is_file(struct context ctx);

/* Count the references on a context at this moment: see tally.c. Does not sleep. */
unsigned long dmaown_context_references(struct context ctx);

/*
 * Is an open file, which the caller keeps, the context's own one or that of a queue? Files of VFIO
 * devices and groups do not count. Does not sleep.
 */
bool dmaown_context_has_file(struct context ctx, const struct file *file);

/* Add the address spaces that map the context's own file. */
void dmaown_context_mapped(struct context ctx, struct mapped *mapped);

/*
 * The mode in which the context will account areas that a process without CAP_IPC_LOCK maps next.
 */
enum dmaown_mode dmaown_context_mode(struct context ctx);

/*
 * LOOKING
 *
 * Listings take no reference on anything in a context, because a reference would make a concurrent
 * destroy fail. Each call copies a batch of entries under the lock that keeps them from being
 * removed. The next call continues by key.
 */

/* HIDDEN stands for devices that are open, and that the context does not list any more. */
enum object_type { OBJECT_IOAS, OBJECT_HWPT, OBJECT_DEVICE, OBJECT_HIDDEN };

struct object {
	enum object_type type;
	u32 id;
	const void *self;	 /* only to be compared */
	const void *attached;	 /* of a device: self of its HWPT, NULL, or a stale pointer */
	u32 ioas;		 /* of a HWPT, or of a device without a HWPT */
	unsigned long alignment; /* of an IOAS */
	bool nested;		 /* of a HWPT */
	bool auto_domain;
	bool has_opens;	    /* of a device: it is a VFIO device */
	unsigned int opens; /* of a VFIO device: its open files; of HIDDEN: devices */
	bool removing;	    /* of a VFIO device: it is locked and no longer registered */
	char name[64];	    /* of a device; of HIDDEN: of a group that one is in */
};

/*
 * Copy at most nr objects with IDs from *id on, and move *id after the last object that was
 * inspected. Return: 0 at the end; 1 if there may be more, even if *done is 0; -EAGAIN if the
 * context is locked: try again; or -ENOMEM.
 */
int dmaown_context_objects(struct context ctx, u32 *id, struct object *batch, unsigned int nr,
			   unsigned int *done);

struct area {
	u32 ioas;
	unsigned long iova;
	unsigned long last;
	bool readable;
	bool writable;
	unsigned int accesses;
	const void *pages; /* only to be compared; NULL if in flux: nothing below is set */
	enum dmaown_source source;
	bool invalid;	     /* the address was taken back; invalid until a new one is set */
	bool unlimited;	     /* the owner's limit does not apply */
	bool hidden;	     /* something is pinned, and its page frames cannot be read */
	u64 start;	     /* user address, or offset in the file */
	unsigned long first; /* page of the pages object in which the area begins */
	dev_t file_dev;	     /* file that the area is mapped from, if source is FILE */
	u64 file_inode;
	unsigned int sharers;
	size_t npinned;
	u8 mode;
	struct owner owner; /* with references */
};

struct access {
	u32 id;
	u32 ioas;
};

/*
 * A position in a listing: the first IOAS with an ID from @id to @last_id, and in it the IOVA or
 * the index of an access in @key.
 */
struct cursor {
	u32 id;
	u32 last_id;
	unsigned long key;
};

/* Move a cursor to the start of the next IOAS. */
static inline void cursor_skip(struct cursor *cursor)
{
	cursor->id++;
	cursor->key = 0;
}

/*
 * Copy at most nr areas, or accesses that are attached to an IOAS, from the cursor on, and move the
 * cursor after the last one. dmaown_areas_put() drops the references of a batch. Return: the number
 * of entries; 0 at the end; -EAGAIN if the IOAS cursor->id is locked: try again, or continue with
 * the next ID; -EINTR if the caller is being killed.
 */
int dmaown_context_areas(struct context ctx, struct cursor *cursor, struct area *batch,
			 unsigned int nr);
void dmaown_areas_put(struct area *batch, unsigned int nr);
int dmaown_context_accesses(struct context ctx, struct cursor *cursor, struct access *batch,
			    unsigned int nr);

/*
 * A run of pages of an area. The area is still the same if it starts at the same IOVA and shows the
 * same pages object from the same page on.
 */
struct stretch {
	u32 ioas;
	unsigned long iova;  /* start of the area */
	const void *pages;   /* only to be compared */
	unsigned long first; /* page of the pages object in which the area begins */
	unsigned long at;    /* page of the area in which the stretch begins */
};

/*
 * Copy the numbers of at most nr page frames that are pinned in a stretch, with PFN_NONE for a page
 * that is not pinned. A concurrent destroy of the IOAS waits for the call: copy at most a few
 * hundred at a time. Return: the number of pages copied; 0 at the end of the area; -ESTALE if the
 * area no longer exists; -EAGAIN if it is locked: try again.
 */
#define PFN_NONE ULONG_MAX
int dmaown_context_pinned(struct context ctx, const struct stretch *stretch, unsigned long *pfns,
			  unsigned int nr);

/*
 * CHANGING
 *
 * While a lockset is locked, its contexts do not change: no area is added or removed, and no other
 * thread reads or changes an owner. Contexts of the same kind are neighbours in the array.
 */
struct lockset;

struct lockset *dmaown_lockset_alloc(const struct context *contexts, unsigned int nr);
void dmaown_lockset_free(struct lockset *set);

struct lockset_place {
	unsigned int context; /* index in contexts[] */
	u32 ioas;	      /* 0 if no IOAS in particular */
};

/*
 * Take all locks, or none. Does not wait. Return: 0; -EBUSY if another thread holds a lock, and
 * *where is its context and IOAS; -EAGAIN if IOASes were created meanwhile, for which the lockset
 * now has room; -ENOMEM; or -EINTR if the caller is being killed.
 */
int dmaown_lockset_lock(struct lockset *set, struct lockset_place *where);
void dmaown_lockset_unlock(struct lockset *set);

/* Make lockdep check that the set is locked. */
void dmaown_lockset_assert_held(const struct lockset *set);

struct pages; /* a pages object */

/*
 * An area under the lockset, without references; or a run of similar areas of one IOAS. Each area
 * of a run is the only one that shows its pages object, and all have the same owner and mode. They
 * are mapped from files or dma-bufs; or by address, and then they are valid, equally writable, and
 * their pages objects follow on each other in the owner's address space. npinned and charged of a
 * run, and npages of one by address, are totals; the other members are those of the first area.
 */
struct locked_area {
	struct lockset_place place;
	unsigned int nr; /* number of areas */
	unsigned long iova;
	unsigned long last;
	struct pages *pages;  /* NULL if another thread sets the area up: nothing below is set */
	unsigned int sharers; /* references on the pages object, also by others than areas */
	enum dmaown_source source;
	bool invalid; /* the address was taken back; invalid until a new one is set */
	bool writable;
	u8 mode;
	unsigned long addr; /* of the first page of the pages object, if mapped by address */
	size_t npages;
	unsigned long offset; /* of the first byte of the area in the pages object */
	size_t npinned;
	size_t charged; /* pages charged to the owner; can differ from npinned */
	struct owner owner;
};

/*
 * Call fn for each area, or run of areas, in the order of contexts[], IOAS IDs and IOVAs, until fn
 * returns a value other than 0. In detail: areas that are mapped by address come one by one.
 * Return: the last value of fn, or -EINTR if the caller is being killed.
 */
typedef int (*area_fn)(const struct locked_area *area, void *arg);
int dmaown_lockset_walk(struct lockset *set, bool detail, area_fn fn, void *arg);

/*
 * dmaown_pages_may_change(): can other pages have been pinned behind an area since
 * dmaown_context_pinned(), without another visible change? dmaown_pages_pinned() copies the page
 * frames that are pinned now, from a page of the pages object on. Called under the lockset.
 */
bool dmaown_pages_may_change(struct context ctx);
unsigned int dmaown_pages_pinned(struct context ctx, const struct pages *pages, unsigned long at,
				 unsigned long *pfns, unsigned int nr);

/*
 * Make @to the owner of every pages object whose owner @takes selects. The last walk must have
 * reached its end. @by_address includes pages objects that are mapped by address, and is for a walk
 * that was not in detail. References, charges and @privileged are as for dmaown_pages_set_owner().
 * Return: the number of pages objects.
 */
typedef bool (*takes_fn)(const struct owner *owner, const void *arg);
struct takeover {
	const struct owner *to;
	bool privileged;
	bool by_address;
	takes_fn takes;
	const void *arg;
};

size_t dmaown_lockset_move_owners(struct lockset *set, const struct takeover *takeover);

/*
 * Make owner the owner of a pages object of a context, charged for all pages that are pinned.
 * @privileged: the owner's limit does not apply (dmaown_process_may_lock()). Takes over one
 * reference on each part of owner; the caller drops those on the old owner.
 */
void dmaown_pages_set_owner(struct context ctx, struct pages *pages, const struct owner *owner,
			    bool privileged);

/*
 * Set the address at which a pages object begins in its owner's address space. The pages object is
 * mapped by address.
 */
void dmaown_pages_set_addr(struct context ctx, struct pages *pages, unsigned long addr);

#endif

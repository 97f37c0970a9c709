// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "backend.h"
#include "id.h"

void dmaown_context_get(struct context ctx)
{
	ctx.backend->get(ctx.self);
}

void dmaown_context_put(struct context ctx)
{
	ctx.backend->put(ctx.self);
}

u64 dmaown_context_id(struct context ctx)
{
	return dmaown_id_of_context(ctx.self);
}

enum dmaown_kind dmaown_context_kind(struct context ctx)
{
	return ctx.backend->kind;
}

int dmaown_context_live(struct context ctx)
{
	return ctx.backend->live ? ctx.backend->live(ctx.self) : 0;
}

bool dmaown_context_counts_pins(struct context ctx)
{
	return ctx.backend->counts_pins;
}

bool dmaown_context_limit_by_privilege(struct context ctx)
{
	return ctx.backend->limit_by_privilege;
}

bool dmaown_context_takes_io(struct context ctx)
{
	return ctx.backend->takes_io;
}

bool dmaown_context_is_file(struct context ctx)
{
	return ctx.backend->is_file;
}

unsigned long dmaown_context_references(struct context ctx)
{
	return ctx.backend->references(ctx.self);
}

bool dmaown_context_has_file(struct context ctx, const struct file *file)
{
	return ctx.backend->has_file(ctx.self, file);
}

void dmaown_context_mapped(struct context ctx, struct mapped *mapped)
{
	if (ctx.backend->mapped)
		ctx.backend->mapped(ctx.self, mapped);
}

enum dmaown_mode dmaown_context_mode(struct context ctx)
{
	return ctx.backend->mode(ctx.self);
}

int dmaown_context_objects(struct context ctx, u32 *id, struct object *batch, unsigned int nr,
			   unsigned int *done)
{
	return ctx.backend->objects(ctx.self, id, batch, nr, done);
}

int dmaown_context_areas(struct context ctx, struct cursor *cursor, struct area *batch,
			 unsigned int nr)
{
	return ctx.backend->areas(ctx.self, cursor, batch, nr);
}

void dmaown_areas_put(struct area *batch, unsigned int nr)
{
	for (; nr; nr--, batch++)
		if (batch->pages)
			dmaown_owner_put(&batch->owner);
}

int dmaown_context_accesses(struct context ctx, struct cursor *cursor, struct access *batch,
			    unsigned int nr)
{
	return ctx.backend->accesses(ctx.self, cursor, batch, nr);
}

int dmaown_context_pinned(struct context ctx, const struct stretch *stretch, unsigned long *pfns,
			  unsigned int nr)
{
	return ctx.backend->pinned(ctx.self, stretch, pfns, nr);
}

/* LOCKSETS: a part for each run of contexts of the same kind. */

struct lockset {
	/* Protects nothing: see struct lockset_part. */
	struct mutex nest;
	unsigned int nr;
	struct lockset_part *parts[];
};

static unsigned int lockset_same_kind(const struct context *contexts, unsigned int nr)
{
	unsigned int same = 1;

	while (same < nr && contexts[same].backend == contexts->backend)
		same++;
	return same;
}

static int lockset_add_part(struct lockset *set, const struct context *contexts, unsigned int first,
			    unsigned int nr)
{
	const struct backend *backend = contexts[first].backend;
	struct lockset_part *part = backend->part_alloc();

	if (!part)
		return -ENOMEM;
	part->backend = backend;
	part->contexts = contexts + first;
	part->nr = nr;
	part->first = first;
	part->nest = &set->nest;
	set->parts[set->nr++] = part;
	return 0;
}

static unsigned int lockset_count_parts(const struct context *contexts, unsigned int nr)
{
	unsigned int at, parts = 0;

	for (at = 0; at < nr; at += lockset_same_kind(contexts + at, nr - at))
		parts++;
	return parts;
}

struct lockset *dmaown_lockset_alloc(const struct context *contexts, unsigned int nr)
{
	struct lockset *set;
	unsigned int at, part;

	set = kzalloc(struct_size(set, parts, lockset_count_parts(contexts, nr)), GFP_KERNEL);
	if (!set)
		return ERR_PTR(-ENOMEM);
	mutex_init(&set->nest);
	for (at = 0; at < nr; at += part) {
		part = lockset_same_kind(contexts + at, nr - at);
		if (lockset_add_part(set, contexts, at, part)) {
			dmaown_lockset_free(set);
			return ERR_PTR(-ENOMEM);
		}
	}
	return set;
}

void dmaown_lockset_free(struct lockset *set)
{
	unsigned int i;

	for (i = 0; i < set->nr; i++)
		set->parts[i]->backend->part_free(set->parts[i]);
	mutex_destroy(&set->nest);
	kfree(set);
}

/* Unlock the parts before the part with the index nr. */
static void lockset_unlock_parts(struct lockset *set, unsigned int nr)
{
	lockdep_assert_held(&set->nest);
	while (nr--)
		set->parts[nr]->backend->unlock(set->parts[nr]);
	mutex_unlock(&set->nest);
}

int dmaown_lockset_lock(struct lockset *set, struct lockset_place *where)
{
	unsigned int i;
	int ret;

	mutex_lock(&set->nest);
	for (i = 0; i < set->nr; i++) {
		ret = set->parts[i]->backend->lock(set->parts[i], where);
		if (ret) {
			lockset_unlock_parts(set, i);
			return ret;
		}
	}
	return 0;
}

void dmaown_lockset_assert_held(const struct lockset *set)
{
	lockdep_assert_held(&set->nest);
}

void dmaown_lockset_unlock(struct lockset *set)
{
	lockset_unlock_parts(set, set->nr);
}

int dmaown_lockset_walk(struct lockset *set, bool detail, area_fn fn, void *arg)
{
	unsigned int i;
	int ret = 0;

	lockdep_assert_held(&set->nest);
	for (i = 0; i < set->nr && !ret; i++)
		ret = set->parts[i]->backend->walk(set->parts[i], detail, fn, arg);
	return ret;
}

bool dmaown_pages_may_change(struct context ctx)
{
	return ctx.backend->pinned_now;
}

unsigned int dmaown_pages_pinned(struct context ctx, const struct pages *pages, unsigned long at,
				 unsigned long *pfns, unsigned int nr)
{
	return ctx.backend->pinned_now(ctx.self, pages, at, pfns, nr);
}

size_t dmaown_lockset_move_owners(struct lockset *set, const struct takeover *takeover)
{
	unsigned int i;
	size_t nr = 0;

	lockdep_assert_held(&set->nest);
	for (i = 0; i < set->nr; i++)
		nr += set->parts[i]->backend->move_owners(set->parts[i], takeover);
	return nr;
}

void dmaown_pages_set_owner(struct context ctx, struct pages *pages, const struct owner *owner,
			    bool privileged)
{
	ctx.backend->set_owner(ctx.self, pages, owner, privileged);
}

void dmaown_pages_set_addr(struct context ctx, struct pages *pages, unsigned long addr)
{
	ctx.backend->set_addr(ctx.self, pages, addr);
}

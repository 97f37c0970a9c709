// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "array.h"
#include "totals.h"

int dmaown_areas_retry(struct wait_budget *budget, struct context ctx, struct cursor *cursor,
		       struct area *batch)
{
	int nr;

	do {
		nr = dmaown_context_areas(ctx, cursor, batch, BATCH);
	} while (nr == -EAGAIN && lock_retry_after(budget, 500));
	return nr;
}

int dmaown_accesses_retry(struct wait_budget *budget, struct context ctx, struct cursor *cursor,
			  struct access *batch)
{
	int nr;

	do {
		nr = dmaown_context_accesses(ctx, cursor, batch, BATCH);
	} while (nr == -EAGAIN && lock_retry_after(budget, 500));
	return nr;
}

bool dmaown_shown_first(struct ptrset *seen, const struct area *area)
{
	return area->sharers == 1 || dmaown_ptrset_add(seen, area->pages) == 1;
}

/* OBJECTS */

static int totals_add_object(struct context_totals *totals, const struct object *object)
{
	struct object_total *objects;

	objects = array_grow(totals->objects, totals->nr, &totals->room, sizeof(*objects));
	if (!objects)
		return -ENOMEM;
	totals->objects = objects;
	memset(&objects[totals->nr], 0, sizeof(*objects));
	objects[totals->nr++].object = *object;
	return 0;
}

static int totals_objects_retry(struct wait_budget *budget, struct context ctx, u32 *id,
				struct object *batch, unsigned int *nr)
{
	int ret;

	do {
		ret = dmaown_context_objects(ctx, id, batch, BATCH, nr);
	} while (ret == -EAGAIN && lock_retry_after(budget, 500));
	return ret;
}

static int totals_load_objects(struct context_totals *totals, struct context ctx,
			       struct wait_budget *budget)
{
	unsigned int i, nr;
	struct object *batch;
	int more = 1;
	int ret = 0;
	u32 id = 0;

	batch = kvmalloc_array(BATCH, sizeof(*batch), GFP_KERNEL);
	if (!batch)
		return -ENOMEM;
	while (more && !ret) {
		more = totals_objects_retry(budget, ctx, &id, batch, &nr);
		if (more < 0) {
			ret = more;
			break;
		}
		for (i = 0; i < nr && !ret; i++)
			ret = totals_add_object(totals, &batch[i]);
		if (fatal_signal_pending(current))
			ret = ret ?: -EINTR;
		cond_resched();
	}
	kvfree(batch);
	return ret;
}

/* Find the IOAS with this ID. Return: NULL if it was created after the objects were loaded. */
static struct object_total *totals_ioas(struct context_totals *totals, u32 id)
{
	unsigned int low = 0, high = totals->nr;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;
		struct object_total *total = &totals->objects[mid];

		if (total->object.id == id)
			return total->object.type == OBJECT_IOAS ? total : NULL;
		if (total->object.id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* There are few devices: a linear search is fast enough. */
static void totals_attach_device(struct context_totals *totals, struct object_total *device)
{
	struct object_total *ioas;
	unsigned int i;

	device->ioas = device->object.ioas;
	ioas = totals_ioas(totals, device->ioas);
	if (ioas)
		ioas->devices++;
	if (!device->object.attached)
		return;
	for (i = 0; i < totals->nr; i++) {
		struct object_total *hwpt = &totals->objects[i];

		if (hwpt->object.type != OBJECT_HWPT ||
		    hwpt->object.self != device->object.attached)
			continue;
		hwpt->devices++;
		device->hwpt = hwpt->object.id;
		device->ioas = hwpt->object.ioas;
		ioas = totals_ioas(totals, device->ioas);
		if (ioas)
			ioas->devices++;
		return;
	}
}

int dmaown_totals_objects(struct context_totals *totals, struct context ctx,
			  struct wait_budget *budget)
{
	struct object_total *ioas;
	unsigned int i;
	int ret;

	ret = totals_load_objects(totals, ctx, budget);
	if (ret)
		return ret;
	for (i = 0; i < totals->nr; i++) {
		struct object_total *total = &totals->objects[i];

		if (total->object.type == OBJECT_HWPT) {
			total->ioas = total->object.ioas;
			ioas = totals_ioas(totals, total->ioas);
			if (ioas)
				ioas->hwpts++;
		} else if (total->object.type == OBJECT_DEVICE) {
			totals_attach_device(totals, total);
		}
		cond_resched();
	}
	return 0;
}

void dmaown_totals_free(struct context_totals *totals)
{
	kvfree(totals->objects);
	memset(totals, 0, sizeof(*totals));
}

/* OWNERS */

/*
 * All parts of an owner count: one process can have had many address spaces and users, and many
 * processes can share one. Different owners can have the same key. The lowest bit keeps it from
 * being NULL.
 */
static const void *owner_total_key(const struct owner *owner)
{
	unsigned long key = (unsigned long)owner->task->signal;

	key ^= rol64((unsigned long)owner->mm, 21) ^ rol64((unsigned long)owner->user, 42);
	return (void *)(key | 1);
}

static bool owner_total_is_of(const struct owner_total *total, enum dmaown_kind kind,
			      const struct area *area)
{
	return total->kind == kind && total->mode == area->mode &&
	       owner_same(&total->owner, &area->owner);
}

static struct owner_total *owner_total_find(struct owner_totals *totals, enum dmaown_kind kind,
					    const struct area *area)
{
	const void *key = owner_total_key(&area->owner);
	unsigned int at;

	if (totals->nr && owner_total_is_of(&totals->array[totals->cached], kind, area))
		return &totals->array[totals->cached];
	if (!dmaown_ptrset_count(&totals->keys, key))
		return NULL;
	for (at = *dmaown_ptrset_value(&totals->keys, key); at; at = totals->array[at - 1].next) {
		if (owner_total_is_of(&totals->array[at - 1], kind, area)) {
			totals->cached = at - 1;
			return &totals->array[at - 1];
		}
	}
	return NULL;
}

static struct owner_total *owner_total_new(struct owner_totals *totals, enum dmaown_kind kind,
					   const struct area *area)
{
	const void *key = owner_total_key(&area->owner);
	struct owner_total *total;
	u64 *first;

	if (dmaown_ptrset_reserve(&totals->keys, totals->keys.used + 1))
		return NULL;
	total = array_grow(totals->array, totals->nr, &totals->room, sizeof(*total));
	if (!total)
		return NULL;
	totals->array = total;
	total += totals->nr++;
	memset(total, 0, sizeof(*total));
	dmaown_ptrset_add(&totals->keys, key);
	first = dmaown_ptrset_value(&totals->keys, key);
	total->next = *first;
	*first = totals->nr;
	total->owner = area->owner;
	dmaown_owner_get(&total->owner);
	total->kind = kind;
	total->mode = area->mode;
	total->unlimited = true;
	return total;
}

static int owner_total_add(struct owner_totals *totals, struct context ctx, const struct area *area,
			   bool first)
{
	enum dmaown_kind kind = dmaown_context_kind(ctx);
	struct owner_total *total = owner_total_find(totals, kind, area);

	if (!total)
		total = owner_total_new(totals, kind, area);
	if (!total)
		return -ENOMEM;
	if (total->seen_context != ctx.self) {
		total->seen_context = ctx.self;
		total->contexts++;
	}
	total->areas++;
	total->unlimited = total->unlimited && area->unlimited;
	if (first)
		total->npinned += area->npinned;
	return 0;
}

void dmaown_owner_totals_free(struct owner_totals *owners)
{
	unsigned int i;

	for (i = 0; i < owners->nr; i++) {
		dmaown_owner_put(&owners->array[i].owner);
		cond_resched();
	}
	kvfree(owners->array);
	dmaown_ptrset_free(&owners->keys);
	memset(owners, 0, sizeof(*owners));
}

/* AREAS AND ACCESSES */

static int totals_add_area(struct object_total *ioas, struct ptrset *seen, struct context ctx,
			   const struct area *area, struct owner_totals *owners)
{
	bool first;

	ioas->areas++;
	ioas->mapped += area->last - area->iova + 1;
	if (!area->pages)
		return 0;
	first = dmaown_shown_first(seen, area);
	if (first)
		ioas->npinned += area->npinned;
	return owners ? owner_total_add(owners, ctx, area, first) : 0;
}

static int totals_add_batch(struct context_totals *totals, struct ptrset *seen, struct context ctx,
			    const struct area *batch, unsigned int nr, struct owner_totals *owners)
{
	struct object_total *ioas = NULL;
	int ret = dmaown_ptrset_reserve(seen, seen->used + nr);

	for (; nr && !ret; nr--, batch++) {
		if (!ioas || ioas->object.id != batch->ioas)
			ioas = totals_ioas(totals, batch->ioas);
		if (ioas)
			ret = totals_add_area(ioas, seen, ctx, batch, owners);
	}
	return ret;
}

static void totals_mark_busy(struct context_totals *totals, u32 id)
{
	struct object_total *ioas = totals_ioas(totals, id);

	if (ioas)
		ioas->busy = true;
}

static int totals_add_areas(struct context_totals *totals, struct context ctx,
			    struct wait_budget *budget, struct area *batch,
			    struct owner_totals *owners)
{
	struct cursor cursor = { .last_id = U32_MAX };
	struct ptrset seen;
	int nr, ret = 0;

	dmaown_ptrset_init(&seen);
	while (!ret && (nr = dmaown_areas_retry(budget, ctx, &cursor, batch))) {
		if (nr == -EAGAIN) {
			totals_mark_busy(totals, cursor.id);
			cursor_skip(&cursor);
		} else if (nr < 0) {
			ret = nr;
		} else {
			ret = totals_add_batch(totals, &seen, ctx, batch, nr, owners);
			dmaown_areas_put(batch, nr);
		}
		if (fatal_signal_pending(current))
			ret = ret ?: -EINTR;
		cond_resched();
	}
	dmaown_ptrset_free(&seen);
	return ret;
}

static int totals_add_accesses(struct context_totals *totals, struct context ctx,
			       struct wait_budget *budget, struct access *batch)
{
	struct cursor cursor = { .last_id = U32_MAX };
	struct object_total *ioas;
	int nr, i;

	while ((nr = dmaown_accesses_retry(budget, ctx, &cursor, batch))) {
		if (nr == -EAGAIN) {
			totals_mark_busy(totals, cursor.id);
			cursor_skip(&cursor);
		} else if (nr < 0) {
			return nr;
		}
		for (i = 0; i < nr; i++) {
			ioas = totals_ioas(totals, batch[i].ioas);
			if (ioas)
				ioas->accesses++;
		}
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

int dmaown_totals_areas(struct context_totals *totals, struct context ctx,
			struct wait_budget *budget, struct owner_totals *owners)
{
	struct access *accesses = kvmalloc_array(BATCH, sizeof(*accesses), GFP_KERNEL);
	struct area *areas = kvmalloc_array(BATCH, sizeof(*areas), GFP_KERNEL);
	int ret = -ENOMEM;

	if (accesses && areas)
		ret = totals_add_accesses(totals, ctx, budget, accesses);
	if (!ret)
		ret = totals_add_areas(totals, ctx, budget, areas, owners);
	kvfree(areas);
	kvfree(accesses);
	return ret;
}

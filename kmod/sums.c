// SPDX-License-Identifier: GPL-2.0-only
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "grow.h"
#include "sums.h"

bool wait_patiently(struct patience *patience)
{
	if (!patience->left)
		return false;
	patience->left--;
	usleep_range(500, 1000);
	return true;
}

int patient_areas(struct patience *patience, struct context ctx, struct cursor *cursor,
		  struct area *batch)
{
	int nr;

	do {
		nr = context_areas(ctx, cursor, batch, BATCH);
	} while (nr == -EAGAIN && wait_patiently(patience));
	return nr;
}

int patient_accesses(struct patience *patience, struct context ctx, struct cursor *cursor,
		     struct access *batch)
{
	int nr;

	do {
		nr = context_accesses(ctx, cursor, batch, BATCH);
	} while (nr == -EAGAIN && wait_patiently(patience));
	return nr;
}

void cursor_skip(struct cursor *cursor)
{
	cursor->id++;
	cursor->key = 0;
}

bool shown_first(struct ptrset *seen, const struct area *area)
{
	return area->sharers == 1 || ptrset_add(seen, area->pages) == 1;
}

/* OBJECTS */

static int object_add(struct context_sums *sums, const struct object *object)
{
	struct object_sum *objects;

	objects = grow(sums->objects, sums->nr, &sums->room, sizeof(*objects));
	if (!objects)
		return -ENOMEM;
	sums->objects = objects;
	memset(&objects[sums->nr], 0, sizeof(*objects));
	objects[sums->nr++].object = *object;
	return 0;
}

static int patient_objects(struct patience *patience, struct context ctx, u32 *id,
			   struct object *batch, unsigned int *nr)
{
	int ret;

	do {
		ret = context_objects(ctx, id, batch, BATCH, nr);
	} while (ret == -EAGAIN && wait_patiently(patience));
	return ret;
}

static int load_objects(struct context_sums *sums, struct context ctx, struct patience *patience)
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
		more = patient_objects(patience, ctx, &id, batch, &nr);
		if (more < 0) {
			ret = more;
			break;
		}
		for (i = 0; i < nr && !ret; i++)
			ret = object_add(sums, &batch[i]);
		if (fatal_signal_pending(current))
			ret = ret ?: -EINTR;
		cond_resched();
	}
	kvfree(batch);
	return ret;
}

/* The IOAS with this ID; NULL if it came after the objects were loaded. */
static struct object_sum *ioas_by_id(struct context_sums *sums, u32 id)
{
	unsigned int low = 0, high = sums->nr;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;
		struct object_sum *sum = &sums->objects[mid];

		if (sum->object.id == id)
			return sum->object.type == OBJECT_IOAS ? sum : NULL;
		if (sum->object.id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* Devices are pieces of hardware, and so few. */
static void attach_device(struct context_sums *sums, struct object_sum *device)
{
	struct object_sum *ioas;
	unsigned int i;

	device->ioas = device->object.ioas;
	ioas = ioas_by_id(sums, device->ioas);
	if (ioas)
		ioas->devices++;
	if (!device->object.attached)
		return;
	for (i = 0; i < sums->nr; i++) {
		struct object_sum *hwpt = &sums->objects[i];

		if (hwpt->object.type != OBJECT_HWPT ||
		    hwpt->object.self != device->object.attached)
			continue;
		hwpt->devices++;
		device->hwpt = hwpt->object.id;
		device->ioas = hwpt->object.ioas;
		ioas = ioas_by_id(sums, device->ioas);
		if (ioas)
			ioas->devices++;
		return;
	}
}

int context_sums_objects(struct context_sums *sums, struct context ctx,
			 struct patience *patience)
{
	struct object_sum *ioas;
	unsigned int i;
	int ret;

	ret = load_objects(sums, ctx, patience);
	if (ret)
		return ret;
	for (i = 0; i < sums->nr; i++) {
		struct object_sum *sum = &sums->objects[i];

		if (sum->object.type == OBJECT_HWPT) {
			sum->ioas = sum->object.ioas;
			ioas = ioas_by_id(sums, sum->ioas);
			if (ioas)
				ioas->hwpts++;
		} else if (sum->object.type == OBJECT_DEVICE) {
			attach_device(sums, sum);
		}
	}
	return 0;
}

void context_sums_free(struct context_sums *sums)
{
	kvfree(sums->objects);
	memset(sums, 0, sizeof(*sums));
}

/* OWNERS */

static struct owner_sum *owner_sum_find(struct owner_sums *sums, enum dmaown_kind kind,
					const struct area *area)
{
	unsigned int i;

	for (i = 0; i < sums->nr; i++) {
		unsigned int at = (sums->last + i) % sums->nr;
		struct owner_sum *sum = &sums->sums[at];

		if (sum->kind == kind && sum->mode == area->mode &&
		    owner_same(&sum->owner, &area->owner)) {
			sums->last = at;
			return sum;
		}
	}
	return NULL;
}

static struct owner_sum *owner_sum_new(struct owner_sums *sums, enum dmaown_kind kind,
				       const struct area *area)
{
	struct owner_sum *sum;

	sum = grow(sums->sums, sums->nr, &sums->room, sizeof(*sum));
	if (!sum)
		return NULL;
	sums->sums = sum;
	sum += sums->nr++;
	memset(sum, 0, sizeof(*sum));
	sum->owner = area->owner;
	owner_get(&sum->owner);
	sum->kind = kind;
	sum->mode = area->mode;
	sum->unlimited = true;
	return sum;
}

static int owner_sum_add(struct owner_sums *sums, struct context ctx, const struct area *area,
			 bool first)
{
	enum dmaown_kind kind = context_kind(ctx);
	struct owner_sum *sum = owner_sum_find(sums, kind, area) ?:
				owner_sum_new(sums, kind, area);

	if (!sum)
		return -ENOMEM;
	if (sum->last_context != ctx.self) {
		sum->last_context = ctx.self;
		sum->contexts++;
	}
	sum->areas++;
	sum->unlimited = sum->unlimited && area->unlimited;
	if (first)
		sum->npinned += area->npinned;
	return 0;
}

void owner_sums_free(struct owner_sums *owners)
{
	unsigned int i;

	for (i = 0; i < owners->nr; i++)
		owner_put(&owners->sums[i].owner);
	kvfree(owners->sums);
	memset(owners, 0, sizeof(*owners));
}

/* AREAS AND ACCESSES */

static int sum_area(struct object_sum *ioas, struct ptrset *seen, struct context ctx,
		    const struct area *area, struct owner_sums *owners)
{
	bool first;

	ioas->areas++;
	ioas->mapped += area->last - area->iova + 1;
	if (!area->pages)
		return 0;
	first = shown_first(seen, area);
	if (first)
		ioas->npinned += area->npinned;
	return owners ? owner_sum_add(owners, ctx, area, first) : 0;
}

static int sum_batch(struct context_sums *sums, struct ptrset *seen, struct context ctx,
		     const struct area *batch, unsigned int nr, struct owner_sums *owners)
{
	struct object_sum *ioas = NULL;
	int ret = ptrset_reserve(seen, seen->used + nr);

	for (; nr && !ret; nr--, batch++) {
		if (!ioas || ioas->object.id != batch->ioas)
			ioas = ioas_by_id(sums, batch->ioas);
		if (ioas)
			ret = sum_area(ioas, seen, ctx, batch, owners);
	}
	return ret;
}

static void mark_busy(struct context_sums *sums, u32 id)
{
	struct object_sum *ioas = ioas_by_id(sums, id);

	if (ioas)
		ioas->busy = true;
}

static int sum_areas(struct context_sums *sums, struct context ctx, struct patience *patience,
		     struct area *batch, struct owner_sums *owners)
{
	struct cursor cursor = { .last_id = U32_MAX };
	struct ptrset seen;
	int nr, ret = 0;

	ptrset_init(&seen);
	while (!ret && (nr = patient_areas(patience, ctx, &cursor, batch))) {
		if (nr == -EAGAIN) {
			mark_busy(sums, cursor.id);
			cursor_skip(&cursor);
			continue;
		}
		if (nr < 0) {
			ret = nr;
			break;
		}
		ret = sum_batch(sums, &seen, ctx, batch, nr, owners);
		areas_put(batch, nr);
		if (fatal_signal_pending(current))
			ret = ret ?: -EINTR;
	}
	ptrset_free(&seen);
	return ret;
}

static int sum_accesses(struct context_sums *sums, struct context ctx,
			struct patience *patience, struct access *batch)
{
	struct cursor cursor = { .last_id = U32_MAX };
	struct object_sum *ioas;
	int nr, i;

	while ((nr = patient_accesses(patience, ctx, &cursor, batch))) {
		if (nr == -EAGAIN) {
			mark_busy(sums, cursor.id);
			cursor_skip(&cursor);
			continue;
		}
		if (nr < 0)
			return nr;
		for (i = 0; i < nr; i++) {
			ioas = ioas_by_id(sums, batch[i].ioas);
			if (ioas)
				ioas->accesses++;
		}
	}
	return 0;
}

int context_sums_areas(struct context_sums *sums, struct context ctx,
		       struct patience *patience, struct owner_sums *owners)
{
	struct access *accesses = kvmalloc_array(BATCH, sizeof(*accesses), GFP_KERNEL);
	struct area *areas = kvmalloc_array(BATCH, sizeof(*areas), GFP_KERNEL);
	int ret = -ENOMEM;

	if (accesses && areas)
		ret = sum_accesses(sums, ctx, patience, accesses) ?:
		      sum_areas(sums, ctx, patience, areas, owners);
	kvfree(areas);
	kvfree(accesses);
	return ret;
}

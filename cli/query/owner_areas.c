// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "host/array.h"
#include "host/hash.h"
#include "owner_areas.h"

/* A listing in progress. */
struct summation {
	struct owner_areas_list *list;
	struct hash_index index; /* of the list */
	bool whole_contexts;
	bool (*wanted)(const struct area_record *area, void *data); /* NULL: sum all areas */
	void *data;
};

static uint32_t hash_area(const struct summation *summation, const struct area_record *area)
{
	return HASH(area->context, summation->whole_contexts ? 0 : area->ioas, area->owner,
		    area->state, area->mode, area->uid);
}

static bool belongs(const struct summation *summation, const struct owner_areas *owned,
		    const struct area_record *area)
{
	return owned->area.context == area->context &&
	       (owned->area.ioas == area->ioas || summation->whole_contexts) &&
	       owned->area.owner == area->owner && owned->area.state == area->state &&
	       owned->area.mode == area->mode && owned->area.uid == area->uid;
}

static struct owner_areas *find_total(const struct summation *summation,
				      const struct area_record *area)
{
	struct owner_areas *owned;
	size_t at = 0, n;

	while (hash_index_next(&summation->index, hash_area(summation, area), &at, &n)) {
		owned = &summation->list->items[n];
		if (belongs(summation, owned, area))
			return owned;
	}
	return NULL;
}

static struct owner_areas *append(struct owner_areas_list *list, const struct area_record *area)
{
	if (!array_grow((void **)&list->items, &list->room, list->nr + 1, sizeof(*list->items)))
		return NULL;
	if (list->nr && list->items[list->nr - 1].area.context > area->context)
		list->unsorted = true;
	list->items[list->nr] = (struct owner_areas){ .area = *area };
	return &list->items[list->nr++];
}

static struct owner_areas *new_total(struct summation *summation, const struct area_record *area)
{
	struct owner_areas_list *list = summation->list;

	if (!hash_index_add(&summation->index, hash_area(summation, area), list->nr))
		return NULL;
	return append(list, area);
}

static int add_area(const union record *record, void *data)
{
	const struct area_record *area = &record->area;
	struct summation *summation = data;
	struct owner_areas_list *list = summation->list;
	struct owner_areas *owned;

	if (summation->wanted && !summation->wanted(area, summation->data))
		return 0;
	if (area->busy) {
		list->busy++;
		return 0;
	}
	/* An area that is just being made has no owner yet. */
	if (!known(area, AREA, OWNER))
		return 0;
	owned = find_total(summation, area) ?: new_total(summation, area);
	if (!owned)
		return -ENOMEM;
	owned->areas++;
	owned->mapped += area->length;
	owned->pinned += area->pinned;
	owned->by_address = owned->by_address || area->source == DMAOWN_SOURCE_ADDRESS;
	return 0;
}

static bool forget_all(void *data)
{
	struct summation *summation = data;

	summation->list->nr = 0;
	summation->list->unsorted = false;
	summation->list->busy = 0;
	hash_index_free(&summation->index);
	return true;
}

static int collect(struct channel *channel, uint64_t context, struct summation *summation)
{
	int rc;

	forget_all(summation);
	rc = channel_retry(channel, RECORD_AREA, context, add_area, forget_all, summation);
	hash_index_free(&summation->index);
	return rc == -EAGAIN ? 0 : rc;
}

int owner_areas_collect(struct channel *channel, uint64_t context, struct owner_areas_list *list)
{
	struct summation summation = { .list = list };

	return collect(channel, context, &summation);
}

int owner_areas_collect_wanted(struct channel *channel, uint64_t context,
			       bool (*wanted)(const struct area_record *area, void *data),
			       void *data, struct owner_areas_list *list)
{
	struct summation summation = {
		.list = list,
		.whole_contexts = true,
		.wanted = wanted,
		.data = data,
	};

	return collect(channel, context, &summation);
}

/* Find the sum of an owner, or add one. Return: NULL without memory. */
static struct owner_areas *sum_of(struct owner_areas_list *sums, struct hash_index *index,
				  const struct area_record *area)
{
	uint32_t hash = HASH(area->context, area->owner, area->state);
	const struct area_record *other;
	size_t at = 0, n;

	while (hash_index_next(index, hash, &at, &n)) {
		other = &sums->items[n].area;
		if (other->context == area->context && other->owner == area->owner &&
		    other->state == area->state)
			return &sums->items[n];
	}
	return hash_index_add(index, hash, sums->nr) ? append(sums, area) : NULL;
}

int owner_areas_by_owner(const struct owner_areas_list *list, struct owner_areas_list *sums)
{
	const struct owner_areas *owned;
	struct hash_index index = { 0 };
	struct owner_areas *sum;
	size_t i;
	int rc = 0;

	for (i = 0; i < list->nr && !rc; i++) {
		owned = &list->items[i];
		sum = sum_of(sums, &index, &owned->area);
		if (!sum) {
			rc = -ENOMEM;
			continue;
		}
		sum->areas += owned->areas;
		sum->mapped += owned->mapped;
		sum->pinned += owned->pinned;
		sum->by_address = sum->by_address || owned->by_address;
	}
	hash_index_free(&index);
	return rc;
}

const struct owner_areas *owner_areas_near(const struct owner_areas_list *list, uint64_t context,
					   size_t *nr)
{
	size_t low = 0, high = list->nr, middle;

	*nr = list->nr;
	if (list->unsorted)
		return list->items;
	while (low < high) {
		middle = low + (high - low) / 2;
		if (list->items[middle].area.context < context)
			low = middle + 1;
		else
			high = middle;
	}
	for (*nr = 0; low + *nr < list->nr; ++*nr)
		if (list->items[low + *nr].area.context != context)
			break;
	return list->items + low;
}

void owner_areas_free(struct owner_areas_list *list)
{
	free(list->items);
	*list = (struct owner_areas_list){ 0 };
}

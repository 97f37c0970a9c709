// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "host/array.h"
#include "owner_areas.h"

/* A listing in progress. */
struct summation {
	struct owner_areas_list *list;
	bool whole_contexts;
	bool (*wanted)(const struct area_record *area, void *data); /* NULL: sum all areas */
	void *data;
};

static bool belongs(const struct owner_areas *owned, const struct area_record *area)
{
	return owned->area.owner == area->owner && owned->area.state == area->state &&
	       owned->area.mode == area->mode && owned->area.uid == area->uid;
}

/* A listing goes from IOAS to IOAS: totals of this IOAS or context are at the end of the list. */
static struct owner_areas *find_total(const struct summation *summation,
				      const struct area_record *area)
{
	struct owner_areas *owned;
	size_t i;

	for (i = summation->list->nr; i; i--) {
		owned = &summation->list->items[i - 1];
		if (owned->area.context != area->context ||
		    (owned->area.ioas != area->ioas && !summation->whole_contexts))
			break;
		if (belongs(owned, area))
			return owned;
	}
	return NULL;
}

static struct owner_areas *new_total(struct owner_areas_list *list, const struct area_record *area)
{
	if (!array_grow((void **)&list->items, &list->room, list->nr + 1, sizeof(*list->items)))
		return NULL;
	list->items[list->nr] = (struct owner_areas){ .area = *area };
	return &list->items[list->nr++];
}

static int add_area(const union record *record, void *data)
{
	const struct area_record *area = &record->area;
	const struct summation *summation = data;
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
	owned = find_total(summation, area) ?: new_total(list, area);
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
	struct owner_areas_list *list = ((struct summation *)data)->list;

	list->nr = 0;
	list->busy = 0;
	return true;
}

static int collect(struct channel *channel, uint64_t context, struct summation *summation)
{
	int rc;

	forget_all(summation);
	rc = channel_retry(channel, RECORD_AREA, context, add_area, forget_all, summation);
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

void owner_areas_free(struct owner_areas_list *list)
{
	free(list->items);
	*list = (struct owner_areas_list){ 0 };
}

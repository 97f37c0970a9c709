// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "shares.h"

/* A listing that is being summed. */
struct summing {
	struct share_list *list;
	bool whole_contexts;
	bool (*wanted)(const struct area_record *area, void *data);	/* NULL: all */
	void *data;
};

static bool belongs(const struct share *share, const struct area_record *area)
{
	return share->area.owner == area->owner && share->area.state == area->state &&
	       share->area.mode == area->mode && share->area.uid == area->uid;
}

/* A listing goes from IOAS to IOAS: only the last shares can be of this one, or of this context. */
static struct share *find_share(const struct summing *summing, const struct area_record *area)
{
	struct share *share;
	size_t i;

	for (i = summing->list->nr; i; i--) {
		share = &summing->list->items[i - 1];
		if (share->area.context != area->context ||
		    (share->area.ioas != area->ioas && !summing->whole_contexts))
			break;
		if (belongs(share, area))
			return share;
	}
	return NULL;
}

static struct share *new_share(struct share_list *list, const struct area_record *area)
{
	size_t room = list->room ? list->room * 2 : 16;
	struct share *items;

	if (list->nr == list->room) {
		items = reallocarray(list->items, room, sizeof(*items));
		if (!items)
			return NULL;
		list->items = items;
		list->room = room;
	}
	list->items[list->nr] = (struct share){ .area = *area };
	return &list->items[list->nr++];
}

static int add_area(const union record *record, void *data)
{
	const struct area_record *area = &record->area;
	const struct summing *summing = data;
	struct share_list *list = summing->list;
	struct share *share;

	if (summing->wanted && !summing->wanted(area, summing->data))
		return 0;
	if (area->busy) {
		list->busy++;
		return 0;
	}
	/* One that is just being made has no owner yet. */
	if (!known(area, AREA, OWNER))
		return 0;
	share = find_share(summing, area) ?: new_share(list, area);
	if (!share)
		return -ENOMEM;
	share->areas++;
	share->mapped += area->length;
	share->pinned += area->pinned;
	share->by_address = share->by_address || area->source == DMAOWN_SOURCE_ADDRESS;
	return 0;
}

static int collect(struct channel *channel, uint64_t context, struct summing *summing)
{
	int tries = CHANNEL_TRIES;
	int rc;

	do {
		summing->list->nr = 0;
		summing->list->busy = 0;
		rc = channel_each(channel, RECORD_AREA, context, add_area, summing);
	} while (rc == -EAGAIN && --tries);
	return rc == -EAGAIN ? 0 : rc;
}

int shares_collect(struct channel *channel, uint64_t context, struct share_list *list)
{
	struct summing summing = { .list = list };

	return collect(channel, context, &summing);
}

int shares_collect_wanted(struct channel *channel, uint64_t context,
			  bool (*wanted)(const struct area_record *area, void *data), void *data,
			  struct share_list *list)
{
	struct summing summing = {
		.list = list, .whole_contexts = true, .wanted = wanted, .data = data,
	};

	return collect(channel, context, &summing);
}

void shares_free(struct share_list *list)
{
	free(list->items);
	*list = (struct share_list){ 0 };
}

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scope.h"

/* What a listing of areas is looked through with. */
struct search {
	const struct transfer *transfer;
	struct scope scope;
	struct dmaown_remap *remaps;	/* sorted by area */
};

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_remaps(const void *a, const void *b)
{
	const struct dmaown_remap *one = a, *other = b;

	return compare(one->context, other->context) ?: compare(one->ioas, other->ioas) ?:
	       compare(one->iova, other->iova);
}

static const struct dmaown_remap *look_up(const struct search *search, uint64_t context,
					  const struct area_record *area)
{
	const struct dmaown_remap key = {
		.context = context, .ioas = area->ioas, .iova = area->iova,
	};

	return bsearch(&key, search->remaps, search->transfer->remaps.nr, sizeof(key),
		       compare_remaps);
}

/* Is its memory to be found elsewhere from now on? */
static bool is_remapped(const struct search *search, const struct area_record *area)
{
	const struct dmaown_remap *remap;

	if (!search->transfer->remaps.nr || !known(area, AREA, ADDR))
		return false;
	/* With one context alone its ID may be left out. */
	remap = look_up(search, area->context, area) ?: look_up(search, 0, area);
	return remap && remap->addr != area->addr;
}

/* As the module decides: what has process, address space, user and address as wanted stays. */
static bool is_as_wanted(const struct search *search, const struct area_record *area)
{
	const struct process_ref *to = &search->transfer->to;

	return area->owner == to->owner && area->state == DMAOWN_STATE_LIVE &&
	       !(known(area, AREA, UID) && area->uid != to->uid) && !is_remapped(search, area);
}

static bool moves(const struct area_record *area, void *data)
{
	const struct search *search = data;

	if (!scope_has(&search->scope, area->context))
		return false;
	return area->busy ||
	       (scope_means(search->transfer, area) && !is_as_wanted(search, area));
}

static int sort_remaps(struct search *search)
{
	const struct remap_list *list = &search->transfer->remaps;

	search->remaps = calloc(list->nr + 1, sizeof(*search->remaps));
	if (!search->remaps)
		return -ENOMEM;
	if (list->nr)
		memcpy(search->remaps, list->items, list->nr * sizeof(*list->items));
	qsort(search->remaps, list->nr, sizeof(*search->remaps), compare_remaps);
	return 0;
}

static int find(struct transfer *transfer, struct search *search)
{
	struct channel *channel = &transfer->channel;
	struct scope *scope = &search->scope;
	struct census census = { .channel = channel };
	int rc;

	rc = scope_find(scope, transfer, &census) ?: sort_remaps(search);
	census_free(&census);
	if (rc || !scope->nr)
		return rc;
	rc = shares_collect_wanted(channel, scope->nr == 1 ? scope->contexts[0] : 0, moves, search,
				   &transfer->moves.shares);
	if (rc || !transfer->moves.shares.nr)
		return rc;
	return channel_collect(channel, RECORD_OWNER, 0, &transfer->moves.owners);
}

void moves_find(struct transfer *transfer)
{
	struct search search = { .transfer = transfer };

	transfer->moves.error = find(transfer, &search);
	scope_free(&search.scope);
	free(search.remaps);
}

void moves_free(struct moves *moves)
{
	shares_free(&moves->shares);
	record_list_free(&moves->owners);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "context_set.h"
#include "preview.h"
#include "scope.h"

struct search {
	const struct transfer_scope *scope;
	struct context_set contexts;
	struct dmaown_remap *remaps; /* sorted by area */
};

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_remaps(const void *a, const void *b)
{
	const struct dmaown_remap *one = a, *other = b;

	int order = compare(one->context, other->context) ?: compare(one->ioas, other->ioas);

	return order ?: compare(one->iova, other->iova);
}

static const struct dmaown_remap *look_up(const struct search *search, uint64_t context,
					  const struct area_record *area)
{
	const struct dmaown_remap key = {
		.context = context,
		.ioas = area->ioas,
		.iova = area->iova,
	};

	return bsearch(&key, search->remaps, search->scope->remaps.nr, sizeof(key), compare_remaps);
}

/* Will the memory of the area have another address? */
static bool is_remapped(const struct search *search, const struct area_record *area)
{
	const struct dmaown_remap *remap;

	if (!search->scope->remaps.nr || !known(area, AREA, ADDR))
		return false;
	/* An entry for the only context may leave out the context. */
	remap = look_up(search, area->context, area) ?: look_up(search, 0, area);
	return remap && remap->addr != area->addr;
}

/* Like the module: an area stays if process, address space, user and address are the final ones. */
static bool stays(const struct search *search, const struct area_record *area)
{
	const struct process_ref *to = &search->scope->to;

	return area->owner == to->owner && area->state == DMAOWN_STATE_LIVE &&
	       !(known(area, AREA, UID) && area->uid != to->uid) && !is_remapped(search, area);
}

static bool moves(const struct area_record *area, void *data)
{
	const struct search *search = data;

	if (!context_set_has(&search->contexts, area->context))
		return false;
	return area->busy || (scope_has_owner(search->scope, area) && !stays(search, area));
}

static int sort_remaps(struct search *search)
{
	const struct remap_list *list = &search->scope->remaps;

	search->remaps = calloc(list->nr + 1, sizeof(*search->remaps));
	if (!search->remaps)
		return -ENOMEM;
	if (list->nr)
		memcpy(search->remaps, list->items, list->nr * sizeof(*list->items));
	qsort(search->remaps, list->nr, sizeof(*search->remaps), compare_remaps);
	return 0;
}

static int find(struct transfer_scope *scope, struct search *search, struct preview *preview)
{
	struct channel *channel = &scope->channel;
	struct lookup lookup = { .channel = channel };
	int rc;

	rc = context_set_find(&search->contexts, scope, &lookup) ?: sort_remaps(search);
	lookup_free(&lookup);
	if (rc || !search->contexts.ids.nr)
		return rc;
	rc = owner_areas_collect_wanted(channel, context_set_only(&search->contexts), moves, search,
					&preview->owner_areas);
	if (rc || !preview->owner_areas.nr)
		return rc;
	return channel_collect(channel, RECORD_OWNER, 0, &preview->owners);
}

void preview_find(struct transfer_scope *scope, struct preview *preview)
{
	struct search search = { .scope = scope };

	preview->error = find(scope, &search, preview);
	context_set_free(&search.contexts);
	free(search.remaps);
}

void preview_free(struct preview *preview)
{
	owner_areas_free(&preview->owner_areas);
	record_list_free(&preview->owners);
}

bool preview_is_nameless(const struct area_record *area)
{
	return !known(area, AREA, PID) || area->state == DMAOWN_STATE_DEAD;
}

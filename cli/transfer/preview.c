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
	struct remap_index remaps;
};

/* Will the memory of the area have another address? */
static bool is_remapped(const struct search *search, const struct area_record *area)
{
	const struct dmaown_remap *remap;

	if (!search->scope->remaps.nr || !known(area, AREA, ADDR))
		return false;
	remap = remap_index_find(&search->remaps, area->context, area->ioas, area->iova);
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

/* An owner has a record for each kind and mode. Return: 0 or -ENOMEM. */
static int index_owners(struct preview *preview)
{
	const struct owner_record *owner;
	size_t i;

	for (i = 0; i < preview->owners.nr; i++) {
		owner = &preview->owners.items[i].owner;
		if (known(owner, OWNER, COMM) && !preview_command(preview, owner->owner) &&
		    !hash_index_add(&preview->named, HASH(owner->owner), i))
			return -ENOMEM;
	}
	return 0;
}

static int find(struct transfer_scope *scope, struct search *search, struct preview *preview)
{
	struct channel *channel = &scope->channel;
	struct lookup lookup = { .channel = channel };
	int rc;

	rc = context_set_find(&search->contexts, scope, &lookup) ?:
		     remap_index_make(&search->remaps, &scope->remaps);
	lookup_free(&lookup);
	if (rc || !search->contexts.ids.nr)
		return rc;
	rc = owner_areas_collect_wanted(channel, context_set_only(&search->contexts), moves, search,
					&preview->owner_areas);
	if (rc || !preview->owner_areas.nr)
		return rc;
	return channel_collect(channel, RECORD_OWNER, 0, &preview->owners) ?: index_owners(preview);
}

void preview_find(struct transfer_scope *scope, struct preview *preview)
{
	struct search search = { .scope = scope };

	preview->error = find(scope, &search, preview);
	context_set_free(&search.contexts);
	remap_index_free(&search.remaps);
}

void preview_free(struct preview *preview)
{
	owner_areas_free(&preview->owner_areas);
	record_list_free(&preview->owners);
	hash_index_free(&preview->named);
}

const char *preview_command(const struct preview *preview, uint64_t owner)
{
	const struct owner_record *record;
	size_t at = 0, n;

	while (hash_index_next(&preview->named, HASH(owner), &at, &n)) {
		record = &preview->owners.items[n].owner;
		if (record->owner == owner)
			return record->comm;
	}
	return NULL;
}

bool preview_is_nameless(const struct area_record *area)
{
	return !known(area, AREA, PID) || area->state == DMAOWN_STATE_DEAD;
}

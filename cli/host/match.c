// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "match.h"

struct match_entry {
	const struct mapping *mapping;
	uint64_t reach; /* highest end offset in the object, of this entry and those before it */
};

static uint64_t end_offset(const struct mapping *mapping)
{
	return mapping->offset + (mapping->end - mapping->start);
}

static bool same_object(const struct mapping *a, const struct mapping *b)
{
	return a->device == b->device && a->inode == b->inode;
}

static int compare_place(const struct mapping *a, const struct mapping *b)
{
	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static int compare_entries(const void *a, const void *b)
{
	const struct mapping *x = ((const struct match_entry *)a)->mapping;
	const struct mapping *y = ((const struct match_entry *)b)->mapping;

	return compare_place(x, y) ?: (x->start > y->start) - (x->start < y->start);
}

int match_index_make(struct match_index *index, const struct maps *maps)
{
	struct match_entry *entry;
	size_t i;

	*index = (struct match_index){ .maps = maps };
	index->entries = calloc(maps->nr + 1, sizeof(*index->entries));
	if (!index->entries)
		return -ENOMEM;
	for (i = 0; i < maps->nr; i++)
		if (maps->items[i].device || maps->items[i].inode)
			index->entries[index->nr++].mapping = &maps->items[i];
	qsort(index->entries, index->nr, sizeof(*index->entries), compare_entries);
	for (i = 0; i < index->nr; i++) {
		entry = &index->entries[i];
		entry->reach = end_offset(entry->mapping);
		if (i && same_object(entry->mapping, entry[-1].mapping) &&
		    entry[-1].reach > entry->reach)
			entry->reach = entry[-1].reach;
	}
	return 0;
}

void match_index_free(struct match_index *index)
{
	free(index->entries);
	*index = (struct match_index){ 0 };
}

/* Return: the number of entries that are not after the place, by object and offset. */
static size_t count_up_to(const struct match_index *index, const struct mapping *place)
{
	size_t low = 0, high = index->nr, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (compare_place(index->entries[mid].mapping, place) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Return: the length that both mappings cover. The next mappings may cover the rest. */
static uint64_t step(const struct mapping *old, uint64_t old_at, const struct mapping *found,
		     uint64_t found_at, uint64_t rest)
{
	uint64_t length = old->end - old_at;

	if (found && found->end - found_at < length)
		length = found->end - found_at;
	return rest < length ? rest : length;
}

static bool is_same(const struct mapping *old, uint64_t old_at, const struct mapping *found,
		    uint64_t found_at, bool write)
{
	return found && found->shared && found->readable && (found->writable || !write) &&
	       same_object(old, found) &&
	       old->offset + (old_at - old->start) == found->offset + (found_at - found->start);
}

static bool range_fits(const struct match_query *query, const struct match_range *range,
		       uint64_t delta)
{
	const struct mapping *old, *found;
	uint64_t done = 0, at;

	while (done < range->length) {
		at = range->addr + done;
		old = maps_at(query->old, at);
		found = maps_at(query->in->maps, at + delta);
		if (!is_same(old, at, found, at + delta, query->write))
			return false;
		done += step(old, at, found, at + delta, range->length - done);
	}
	return true;
}

static bool fits(const struct match_query *query, uint64_t delta)
{
	size_t i;

	for (i = 0; i < query->nr; i++)
		if (!range_fits(query, &query->ranges[i], delta))
			return false;
	return true;
}

/* Has the old process mapped all ranges, and from objects that another process can map? */
static bool check_old(const struct match_query *query, struct match *match)
{
	const struct mapping *old;
	uint64_t done, at;
	size_t i;

	for (i = 0; i < query->nr; i++) {
		for (done = 0; done < query->ranges[i].length;) {
			at = query->ranges[i].addr + done;
			old = maps_at(query->old, at);
			if (!old || !old->shared) {
				match->result = old ? MATCH_OLD_PRIVATE : MATCH_OLD_HOLE;
				match->addr = at;
				return false;
			}
			done += step(old, at, NULL, 0, query->ranges[i].length - done);
		}
	}
	return true;
}

static void add_candidate(const struct match_query *query, uint64_t addr, struct match *match)
{
	if (!fits(query, addr - query->ranges->addr)) {
		if (match->result == MATCH_NOWHERE) {
			match->result = MATCH_UNFIT;
			match->addr = addr;
		}
		return;
	}
	match->count++;
	if (match->count == 1) {
		match->result = MATCH_FOUND;
		match->addr = addr;
	} else if (match->count == 2) {
		match->result = MATCH_SEVERAL;
		match->other = addr;
	}
}

struct match match_find(const struct match_query *query)
{
	struct match match = { .result = MATCH_NOWHERE };
	uint64_t first = query->ranges->addr;
	const struct match_entry *entry;
	const struct mapping *old;
	struct mapping place;
	size_t i;

	if (!check_old(query, &match))
		return match;
	if (fits(query, 0))
		return (struct match){ .result = MATCH_FOUND, .addr = first, .count = 1 };
	if (query->preferred && fits(query, query->preferred - first))
		return (struct match){
			.result = MATCH_FOUND,
			.addr = query->preferred,
			.count = 1,
		};
	old = maps_at(query->old, first);
	place = *old;
	place.offset += first - old->start;
	for (i = count_up_to(query->in, &place); i--;) {
		entry = &query->in->entries[i];
		if (!same_object(entry->mapping, old) || entry->reach <= place.offset)
			break;
		if (end_offset(entry->mapping) > place.offset)
			add_candidate(query,
				      entry->mapping->start +
					      (place.offset - entry->mapping->offset),
				      &match);
	}
	return match;
}

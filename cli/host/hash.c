// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "hash.h"

#define FIRST_ROOM 8

static uint64_t mix(uint64_t hash, uint64_t number)
{
	hash = (hash ^ number) * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 32;
}

uint32_t hash_numbers(const uint64_t *numbers, size_t nr)
{
	uint64_t hash = nr;
	size_t i;

	for (i = 0; i < nr; i++)
		hash = mix(hash, numbers[i]);
	return hash;
}

uint32_t hash_text(const char *text)
{
	uint64_t hash = 0;

	for (; *text; text++)
		hash = mix(hash, (unsigned char)*text);
	return hash;
}

/* Take the first free slot: there is one. */
static void put(struct hash_index *index, const struct hash_slot *slot)
{
	size_t at = slot->hash;

	while (index->slots[at & (index->room - 1)].item)
		at++;
	index->slots[at & (index->room - 1)] = *slot;
}

/* Keep a quarter of the slots free. */
static bool grow(struct hash_index *index)
{
	struct hash_index grown = { .room = index->room ? index->room * 2 : FIRST_ROOM };
	size_t i;

	if (index->nr < index->room / 4 * 3)
		return true;
	grown.slots = calloc(grown.room, sizeof(*grown.slots));
	if (!grown.slots)
		return false;
	for (i = 0; i < index->room; i++)
		if (index->slots[i].item)
			put(&grown, &index->slots[i]);
	free(index->slots);
	index->slots = grown.slots;
	index->room = grown.room;
	return true;
}

bool hash_index_add(struct hash_index *index, uint32_t hash, size_t item)
{
	if (item >= UINT32_MAX || !grow(index))
		return false;
	put(index, &(struct hash_slot){ .hash = hash, .item = item + 1 });
	index->nr++;
	return true;
}

bool hash_index_next(const struct hash_index *index, uint32_t hash, size_t *at, size_t *item)
{
	const struct hash_slot *slot;

	while (index->room) {
		slot = &index->slots[(hash + (*at)++) & (index->room - 1)];
		if (!slot->item)
			return false;
		if (slot->hash != hash)
			continue;
		*item = slot->item - 1;
		return true;
	}
	return false;
}

void hash_index_free(struct hash_index *index)
{
	free(index->slots);
	*index = (struct hash_index){ 0 };
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "pageset.h"

/* Open addressing with linear probing; at most half of the slots are ever used. */
struct pageset_slot {
	const void *pages;
	unsigned int count;
};

void pageset_init(struct pageset *set)
{
	memset(set, 0, sizeof(*set));
}

void pageset_free(struct pageset *set)
{
	kvfree(set->slots);
	pageset_init(set);
}

static unsigned int pageset_size(const struct pageset *set)
{
	return set->slots ? 1U << set->order : 0;
}

void pageset_clear(struct pageset *set)
{
	if (set->used)
		memset(set->slots, 0, array_size(pageset_size(set), sizeof(*set->slots)));
	set->used = 0;
}

/* The slot of a pages object, or the free one where it belongs. There is always a free one. */
static struct pageset_slot *pageset_slot(const struct pageset *set, const void *pages)
{
	unsigned int mask = pageset_size(set) - 1;
	unsigned int i = hash_ptr(pages, set->order);

	while (set->slots[i].pages && set->slots[i].pages != pages)
		i = (i + 1) & mask;
	return &set->slots[i];
}

int pageset_reserve(struct pageset *set, unsigned int nr)
{
	struct pageset bigger = { .order = ilog2(roundup_pow_of_two(max(nr, 32U))) + 1, .used = set->used };
	unsigned int i;

	if (pageset_size(set) >= 2 * max(nr, 32U))
		return 0;
	if (nr > UINT_MAX / 8)
		return -ENOMEM;

	bigger.slots = kvcalloc(1U << bigger.order, sizeof(*bigger.slots), GFP_KERNEL);
	if (!bigger.slots)
		return -ENOMEM;
	for (i = 0; i < pageset_size(set); i++)
		if (set->slots[i].pages)
			*pageset_slot(&bigger, set->slots[i].pages) = set->slots[i];

	kvfree(set->slots);
	*set = bigger;
	return 0;
}

unsigned int pageset_room(const struct pageset *set)
{
	return pageset_size(set) / 2;
}

bool pageset_has_room(const struct pageset *set)
{
	return set->used < pageset_room(set);
}

unsigned int pageset_add(struct pageset *set, const void *pages)
{
	struct pageset_slot *slot = pageset_slot(set, pages);

	if (!slot->pages) {
		slot->pages = pages;
		set->used++;
	}
	return ++slot->count;
}

unsigned int pageset_count(const struct pageset *set, const void *pages)
{
	if (!set->slots)
		return 0;
	return pageset_slot(set, pages)->count;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "ptrset.h"

/* Open addressing with linear probing. At most half of the slots are used. */
struct ptrset_slot {
	const void *object;
	unsigned int count;
	u64 value;
};

/* Free a set with more slots than this instead of clearing it: the next use needs few. */
#define KEPT_ORDER 11

void dmaown_ptrset_init(struct ptrset *set)
{
	memset(set, 0, sizeof(*set));
}

void dmaown_ptrset_free(struct ptrset *set)
{
	kvfree(set->slots);
	dmaown_ptrset_init(set);
}

static unsigned int ptrset_size(const struct ptrset *set)
{
	return set->slots ? 1U << set->order : 0;
}

void dmaown_ptrset_clear(struct ptrset *set)
{
	if (set->used)
		memset(set->slots, 0, array_size(ptrset_size(set), sizeof(*set->slots)));
	set->used = 0;
}

/* Find the slot of an object, or the free slot where it belongs. There is always a free slot. */
static struct ptrset_slot *ptrset_slot(const struct ptrset *set, const void *object)
{
	unsigned int mask = ptrset_size(set) - 1;
	unsigned int i = hash_ptr(object, set->order);

	while (set->slots[i].object && set->slots[i].object != object)
		i = (i + 1) & mask;
	return &set->slots[i];
}

int dmaown_ptrset_reserve(struct ptrset *set, unsigned int nr)
{
	struct ptrset bigger = { .used = set->used };
	unsigned int i;

	nr = max(nr, 8U);
	/* There are up to four times as many slots; one allocation must be below 2 GiB. */
	if (nr > INT_MAX / (4 * sizeof(*bigger.slots)))
		return -ENOMEM;
	if (ptrset_size(set) >= 2 * nr)
		return 0;

	bigger.order = ilog2(roundup_pow_of_two(nr)) + 1;
	bigger.slots = kvcalloc(1U << bigger.order, sizeof(*bigger.slots), GFP_KERNEL_ACCOUNT);
	if (!bigger.slots)
		return -ENOMEM;
	for (i = 0; i < ptrset_size(set); i++)
		if (set->slots[i].object)
			*ptrset_slot(&bigger, set->slots[i].object) = set->slots[i];

	kvfree(set->slots);
	*set = bigger;
	return 0;
}

void dmaown_ptrset_renew(struct ptrset *set)
{
	if (set->slots && set->order > KEPT_ORDER)
		dmaown_ptrset_free(set);
	else
		dmaown_ptrset_clear(set);
}

unsigned int dmaown_ptrset_room(const struct ptrset *set)
{
	return ptrset_size(set) / 2;
}

bool dmaown_ptrset_has_room(const struct ptrset *set)
{
	return set->used < dmaown_ptrset_room(set);
}

unsigned int dmaown_ptrset_add(struct ptrset *set, const void *object)
{
	struct ptrset_slot *slot = ptrset_slot(set, object);

	if (!slot->object) {
		slot->object = object;
		set->used++;
	}
	return ++slot->count;
}

u64 *dmaown_ptrset_value(const struct ptrset *set, const void *object)
{
	return &ptrset_slot(set, object)->value;
}

unsigned int dmaown_ptrset_count(const struct ptrset *set, const void *object)
{
	if (!set->slots)
		return 0;
	return ptrset_slot(set, object)->count;
}

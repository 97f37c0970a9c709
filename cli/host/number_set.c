// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "array.h"
#include "number_set.h"

const uint64_t *number_set_find(const struct number_set *set, uint64_t number)
{
	size_t at = 0, n;

	while (hash_index_next(&set->index, HASH(number), &at, &n))
		if (set->items[n] == number)
			return &set->items[n];
	return NULL;
}

bool number_set_has(const struct number_set *set, uint64_t number)
{
	return number_set_find(set, number);
}

int number_set_add(struct number_set *set, uint64_t number)
{
	if (number_set_has(set, number))
		return 0;
	if (!array_grow((void **)&set->items, &set->room, set->nr + 1, sizeof(*set->items)) ||
	    !hash_index_add(&set->index, HASH(number), set->nr))
		return -ENOMEM;
	set->items[set->nr++] = number;
	return 1;
}

void number_set_free(struct number_set *set)
{
	free(set->items);
	hash_index_free(&set->index);
	*set = (struct number_set){ 0 };
}

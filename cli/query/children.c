// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "children.h"
#include "host/array.h"

int children_add(struct children *children, uint64_t context, uint64_t parent, const void *object)
{
	if (!array_grow((void **)&children->items, &children->room, children->nr + 1,
			sizeof(*children->items)))
		return -ENOMEM;
	children->items[children->nr++] = (struct child){ context, parent, object };
	return 0;
}

static int compare_parents(const struct child *a, const struct child *b)
{
	if (a->context != b->context)
		return a->context < b->context ? -1 : 1;
	return a->parent < b->parent ? -1 : a->parent > b->parent;
}

static int compare(const void *a, const void *b)
{
	const struct child *x = a, *y = b;

	return compare_parents(x, y) ?: x->object < y->object ? -1 : x->object > y->object;
}

void children_sort(struct children *children)
{
	if (children->nr)
		qsort(children->items, children->nr, sizeof(*children->items), compare);
}

const struct child *children_of(const struct children *children, uint64_t context, uint64_t parent,
				size_t *nr)
{
	const struct child key = { .context = context, .parent = parent };
	size_t low = 0, high = children->nr, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (compare_parents(&children->items[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (*nr = 0; low + *nr < children->nr; ++*nr)
		if (compare_parents(&children->items[low + *nr], &key))
			break;
	return children->items + low;
}

void children_free(struct children *children)
{
	free(children->items);
	*children = (struct children){ 0 };
}

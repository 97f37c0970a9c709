// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "host/array.h"
#include "place.h"

int place_list_add(struct place_list *list, const struct area_record *area)
{
	if (!array_grow((void **)&list->items, &list->room, list->nr + 1, sizeof(*list->items)))
		return -ENOMEM;
	list->items[list->nr] = (struct place){
		.context = area->context,
		.iova = area->iova,
		.length = area->length,
		.addr = area->addr,
		.pages = area->pages,
		.owner = area->owner,
		.order = list->nr,
		.ioas = area->ioas,
		.pid = known(area, AREA, PID) ? area->pid : 0,
		.state = area->state,
		.writable = area->writable,
	};
	list->nr++;
	return 0;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_pages(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return compare_numbers(x->pages, y->pages) ?: compare_numbers(x->order, y->order);
}

static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order;

	order = compare_numbers(x->owner, y->owner) ?: compare_numbers(x->state, y->state);
	if (!order)
		order = compare_numbers(x->order, y->order) ?: compare_numbers(x->addr, y->addr);
	if (!order)
		order = compare_numbers(x->ioas, y->ioas) ?: compare_numbers(x->iova, y->iova);
	return order;
}

void place_list_sort(struct place_list *list)
{
	struct place *places = list->items;
	size_t i, nr = 0;

	if (!list->nr)
		return;
	qsort(places, list->nr, sizeof(*places), compare_pages);
	for (i = 1; i < list->nr; i++)
		if (places[i].pages == places[i - 1].pages)
			places[i].order = places[i - 1].order;
	qsort(places, list->nr, sizeof(*places), compare);
	for (i = 0; i < list->nr; i++)
		if (!i || compare(&places[i], &places[nr - 1]))
			places[nr++] = places[i];
	list->nr = nr;
}

size_t place_list_group(const struct place_list *list, size_t first)
{
	size_t end = first + 1;

	while (end < list->nr && list->items[end].pages == list->items[first].pages)
		end++;
	return end - first;
}

void place_list_free(struct place_list *list)
{
	free(list->items);
	*list = (struct place_list){ 0 };
}

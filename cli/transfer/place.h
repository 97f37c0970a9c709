/* SPDX-License-Identifier: GPL-2.0-only */
/* Places: areas that are mapped by address, with what --remap auto needs of their records. */
#ifndef DMAOWN_CLI_TRANSFER_PLACE_H
#define DMAOWN_CLI_TRANSFER_PLACE_H

#include "channel/records.h"

struct place {
	uint64_t context;
	uint64_t iova;
	uint64_t length;
	uint64_t addr;
	uint64_t pages; /* identifies the pages object */
	uint64_t owner;
	size_t order; /* position in the listing; for a shared pages object, of its first area */
	uint32_t ioas;
	uint32_t pid; /* of the owner; 0: none in this PID namespace */
	uint32_t state;
	bool writable;
};

struct place_list {
	struct place *items;
	size_t nr;
	size_t room;
};

/* Return: 0 or -ENOMEM. */
int place_list_add(struct place_list *list, const struct area_record *area);

/*
 * Sort the list by owner, with the areas of one pages object next to each other, and drop
 * duplicates: an area that comes or goes during the listing may be listed twice.
 */
void place_list_sort(struct place_list *list);

/* Return: the number of places, from the first one on, that share its pages object. */
size_t place_list_group(const struct place_list *list, size_t first);

void place_list_free(struct place_list *list);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Totals of the areas of each owner, by IOAS or by context. */
#ifndef DMAOWN_CLI_QUERY_OWNER_AREAS_H
#define DMAOWN_CLI_QUERY_OWNER_AREAS_H

#include "channel/channel.h"

struct owner_areas {
	/* context, IOAS, owner, state, mode and user are those of all the areas */
	struct area_record area;
	uint64_t areas;
	uint64_t mapped;
	uint64_t pinned;
	bool by_address; /* at least one area is mapped by address */
};

struct owner_areas_list {
	struct owner_areas *items;
	size_t nr;
	size_t room;
	bool unsorted; /* not by context */
	uint32_t busy; /* IOASes and contexts that were locked and are missing */
};

/* Sum the areas of one context, or of all if context is 0. Return: 0 or -errno. */
int owner_areas_collect(struct channel *channel, uint64_t context, struct owner_areas_list *list);

/*
 * Sum the wanted areas by context: the IOAS of a total means nothing.
 * @wanted: is called for records of locked IOASes, too
 * Return: 0 or -errno.
 */
int owner_areas_collect_wanted(struct channel *channel, uint64_t context,
			       bool (*wanted)(const struct area_record *area, void *data),
			       void *data, struct owner_areas_list *list);

/*
 * Add these totals up over the IOASes, modes and users of a context: to one total of each owner in
 * each of its states. Return: 0 or -ENOMEM.
 */
int owner_areas_by_owner(const struct owner_areas_list *list, struct owner_areas_list *sums);

/* Return: an array of *nr totals: all of the context, but perhaps others as well. */
const struct owner_areas *owner_areas_near(const struct owner_areas_list *list, uint64_t context,
					   size_t *nr);
void owner_areas_free(struct owner_areas_list *list);

#endif

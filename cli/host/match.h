/* SPDX-License-Identifier: GPL-2.0-only */
/* Find the memory that one process has mapped in the mappings of another. */
#ifndef DMAOWN_CLI_HOST_MATCH_H
#define DMAOWN_CLI_HOST_MATCH_H

#include "maps.h"

/* A process's mappings of memory objects, sorted by object and offset. */
struct match_index {
	const struct maps *maps;
	struct match_entry *entries;
	size_t nr;
};

/* The maps must outlive the index. Return: 0 or -ENOMEM. */
int match_index_make(struct match_index *index, const struct maps *maps);
void match_index_free(struct match_index *index);

struct match_range {
	uint64_t addr;
	uint64_t length;
};

/*
 * Ranges of the old process, sorted by address: the areas that share a pages object. In the new
 * process the distances between them must be the same.
 */
struct match_query {
	const struct maps *old;
	const struct match_index *in;
	const struct match_range *ranges;
	size_t nr;
	uint64_t preferred; /* preferred address of the first range, or 0 */
	bool write;
};

enum match_result {
	MATCH_FOUND,	   /* addr */
	MATCH_NOWHERE,	   /* the object, or that part of it, is not mapped */
	MATCH_UNFIT,	   /* addr: mapped in part, not shared, or read-only */
	MATCH_SEVERAL,	   /* addr, other, count */
	MATCH_OLD_HOLE,	   /* addr: the old process has nothing mapped there */
	MATCH_OLD_PRIVATE, /* addr: the old process has private memory there */
};

/* Addresses are of the first byte of the first range, except for the last two results. */
struct match {
	enum match_result result;
	uint64_t addr;
	uint64_t other;
	size_t count;
};

/* The address in the old process wins if it fits, then the preferred one. */
struct match match_find(const struct match_query *query);

#endif

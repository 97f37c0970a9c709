/* SPDX-License-Identifier: GPL-2.0-only */
/* Where one process has the memory that another one has mapped. */
#ifndef DMAOWN_CLI_MATCH_H
#define DMAOWN_CLI_MATCH_H

#include "maps.h"

/* A process's mappings of memory objects, to be searched by object and offset. */
struct match_index {
	const struct maps *maps;
	struct match_entry *entries;
	size_t nr;
};

/* 0 or -ENOMEM. The maps must outlive the index. */
int match_index_make(struct match_index *index, const struct maps *maps);
void match_index_free(struct match_index *index);

struct match_range {
	uint64_t addr;
	uint64_t length;
};

/*
 * Ranges of the old process, in the order of addresses, that must be found equally far apart in the
 * new one: areas that share a pages object.
 */
struct match_query {
	const struct maps *old;
	const struct match_index *in;
	const struct match_range *ranges;
	size_t nr;
	uint64_t preferred;	/* address of the first range; or 0 */
	bool write;
};

enum match_result {
	MATCH_FOUND,		/* addr */
	MATCH_NOWHERE,		/* the object is not mapped there, or not that part of it */
	MATCH_UNFIT,		/* addr: it is, but not all of it, not shared, or read-only */
	MATCH_SEVERAL,		/* addr, other, count */
	MATCH_OLD_HOLE,		/* addr: the old process has nothing mapped there */
	MATCH_OLD_PRIVATE,	/* addr: nor anything that another one could map */
};

/* Addresses are those of the first byte of the first range, but for the last two. */
struct match {
	enum match_result result;
	uint64_t addr;
	uint64_t other;
	size_t count;
};

/* The address that it has in the old process wins, or else the preferred one, if it fits. */
struct match match_find(const struct match_query *query);

#endif

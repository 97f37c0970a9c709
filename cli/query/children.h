/* SPDX-License-Identifier: GPL-2.0-only */
/* Objects by the object that they are in, which an ID names in its context. */
#ifndef DMAOWN_CLI_QUERY_CHILDREN_H
#define DMAOWN_CLI_QUERY_CHILDREN_H

#include <stddef.h>
#include <stdint.h>

struct child {
	uint64_t context;
	uint64_t parent;
	const void *object; /* in the array that all these objects are in */
};

struct children {
	struct child *items;
	size_t nr;
	size_t room;
};

/* Return: 0 or -ENOMEM. */
int children_add(struct children *children, uint64_t context, uint64_t parent, const void *object);

/* Sort the children after the last was added, before one is searched for. */
void children_sort(struct children *children);

/* Return: an array of *nr children, in the order of the array that they are in. */
const struct child *children_of(const struct children *children, uint64_t context, uint64_t parent,
				size_t *nr);
void children_free(struct children *children);

#endif

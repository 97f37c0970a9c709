/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_GROW_H
#define DMAOWN_GROW_H

#include <linux/limits.h>
#include <linux/slab.h>

/*
 * An array with room for at least one more than nr elements: the one given, or a larger copy that
 * takes its place. NULL, with the old one as it was, if there is no memory. May sleep.
 */
static inline void *grow(void *array, unsigned int nr, unsigned int *room, size_t size)
{
	size_t more = (size_t)*room * 2 + 16;

	if (nr < *room)
		return array;
	if (more > INT_MAX / size)
		return NULL;
	array = kvrealloc(array, more * size, GFP_KERNEL_ACCOUNT);
	if (array)
		*room = more;
	return array;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_ARRAY_H
#define DMAOWN_ARRAY_H

#include <linux/limits.h>
#include <linux/slab.h>

/*
 * Make room for one more element in an array of nr elements. May sleep. Return: the array, or a
 * larger copy that replaces it; NULL if there is no memory, and then the array is unchanged.
 */
static inline void *array_grow(void *array, unsigned int nr, unsigned int *room, size_t size)
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

// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "array.h"

#define FIRST_ROOM 8

bool array_grow(void **items, size_t *room, size_t needed, size_t size)
{
	size_t new_room = *room ?: FIRST_ROOM;
	void *grown;

	if (needed <= *room)
		return true;
	while (new_room < needed)
		new_room *= 2;
	grown = reallocarray(*items, new_room, size);
	if (!grown)
		return false;
	*items = grown;
	*room = new_room;
	return true;
}

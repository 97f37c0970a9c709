// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "remap.h"

int remap_add(struct remap_list *list, const struct dmaown_remap *remap)
{
	struct dmaown_remap *items = list->items;
	size_t room = list->room;

	if (list->nr == room) {
		room = room * 2 + 8;
		items = reallocarray(items, room, sizeof(*items));
		if (!items)
			return -ENOMEM;
		list->items = items;
		list->room = room;
	}
	items[list->nr++] = *remap;
	return 0;
}

void remap_free(struct remap_list *list)
{
	free(list->items);
	memset(list, 0, sizeof(*list));
}

/* A number up to max, decimal or with 0x, that ends at the character end. */
static bool number(const char **text, int end, uint64_t max, uint64_t *value)
{
	char *stop;

	if (!isdigit((unsigned char)**text))
		return false;
	errno = 0;
	*value = strtoull(*text, &stop, strncasecmp(*text, "0x", 2) ? 10 : 16);
	if (errno || *value > max || *stop != end)
		return false;
	*text = stop + (end != 0);
	return true;
}

static bool parse_one(const char *text, struct dmaown_remap *remap)
{
	uint64_t value;

	memset(remap, 0, sizeof(*remap));
	if (strchr(text, '/')) {
		if (!number(&text, '/', UINT64_MAX, &value) || !value)
			return false;
		remap->context = value;
	}
	if (!number(&text, ':', UINT32_MAX, &value))
		return false;
	remap->ioas = value;
	if (!number(&text, '=', UINT64_MAX, &value))
		return false;
	remap->iova = value;
	if (!number(&text, 0, UINT64_MAX, &value))
		return false;
	remap->addr = value;
	return true;
}

bool remap_parse(struct remap_list *list, const char *text, const char **bad)
{
	char *copy = strdup(text);
	struct dmaown_remap remap;
	char *part, *rest = copy;
	bool good = copy;

	*bad = text;
	while (good && (part = strsep(&rest, ","))) {
		*bad = text + (part - copy);
		good = parse_one(part, &remap) && !remap_add(list, &remap);
	}
	free(copy);
	return good;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/array.h"
#include "remap.h"

int remap_add(struct remap_list *list, const struct dmaown_remap *remap)
{
	if (!array_grow((void **)&list->items, &list->room, list->nr + 1, sizeof(*list->items)))
		return -ENOMEM;
	list->items[list->nr++] = *remap;
	return 0;
}

int remap_add_all(struct remap_list *list, const struct remap_list *remaps)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < remaps->nr && !rc; i++)
		rc = remap_add(list, &remaps->items[i]);
	return rc;
}

void remap_free(struct remap_list *list)
{
	free(list->items);
	memset(list, 0, sizeof(*list));
}

/* Parse a number of at most max, decimal or with 0x, that the character end follows. Skip both. */
static bool parse_number(const char **text, int end, uint64_t max, uint64_t *value)
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
		if (!parse_number(&text, '/', UINT64_MAX, &value) || !value)
			return false;
		remap->context = value;
	}
	if (!parse_number(&text, ':', UINT32_MAX, &value))
		return false;
	remap->ioas = value;
	if (!parse_number(&text, '=', UINT64_MAX, &value))
		return false;
	remap->iova = value;
	if (!parse_number(&text, 0, UINT64_MAX, &value))
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

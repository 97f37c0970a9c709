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

/* BY AREA */

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_areas(const struct dmaown_remap *a, const struct dmaown_remap *b)
{
	return compare_numbers(a->context, b->context)	 ?:
		       compare_numbers(a->ioas, b->ioas) ?:
							   compare_numbers(a->iova, b->iova);
}

/* Compare pointers into one array: entries of the same area keep their order. */
static int compare(const void *a, const void *b)
{
	const struct dmaown_remap *x = *(const struct dmaown_remap *const *)a;
	const struct dmaown_remap *y = *(const struct dmaown_remap *const *)b;

	return compare_areas(x, y) ?: x < y ? -1 : x > y;
}

int remap_index_make(struct remap_index *index, const struct remap_list *list)
{
	size_t i;

	*index = (struct remap_index){ .nr = list->nr };
	index->items = calloc(list->nr + 1, sizeof(*index->items));
	if (!index->items)
		return -ENOMEM;
	for (i = 0; i < list->nr; i++)
		index->items[i] = &list->items[i];
	qsort(index->items, index->nr, sizeof(*index->items), compare);
	return 0;
}

/* Return: the first entry of the same context, IOAS and IOVA as the key, or NULL. */
static const struct dmaown_remap *find(const struct remap_index *index,
				       const struct dmaown_remap *key)
{
	size_t low = 0, high = index->nr, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (compare_areas(index->items[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < index->nr && !compare_areas(index->items[low], key) ? index->items[low] : NULL;
}

const struct dmaown_remap *remap_index_find(const struct remap_index *index, uint64_t context,
					    uint32_t ioas, uint64_t iova)
{
	struct dmaown_remap key = { .context = context, .ioas = ioas, .iova = iova };
	const struct dmaown_remap *remap = find(index, &key);

	key.context = 0;
	return remap ?: find(index, &key);
}

void remap_index_free(struct remap_index *index)
{
	free(index->items);
	*index = (struct remap_index){ 0 };
}

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "holding.h"
#include "host/user.h"
#include "lookup.h"

/* Read a list once. If that fails, report it: the list is empty then, and so are its columns. */
static const struct record_list *load(struct lookup *lookup, enum record_kind kind,
				      struct record_list *list, bool *has)
{
	int rc;

	if (!*has) {
		*has = true;
		rc = channel_collect(lookup->channel, kind, 0, list);
		if (rc)
			channel_failed(lookup->channel, kind, rc);
	}
	return list;
}

const struct record_list *lookup_holders(struct lookup *lookup)
{
	return load(lookup, RECORD_HOLDER, &lookup->holders, &lookup->has_holders);
}

const struct record_list *lookup_devices(struct lookup *lookup)
{
	return load(lookup, RECORD_DEVICE, &lookup->devices, &lookup->has_devices);
}

const struct record_list *lookup_contexts(struct lookup *lookup)
{
	return load(lookup, RECORD_CONTEXT, &lookup->contexts, &lookup->has_contexts);
}

/* PROCESSES */

/* Number of the item of unknown holders. That of processes without a PID here is 0. */
#define NOBODY UINT64_MAX

void lookup_add_process(struct value *list, const struct holder_record *holder,
			struct number_set *seen)
{
	enum value_kind kind = known(holder, HOLDER, PID) ? VALUE_NUMBER : VALUE_UNKNOWN;
	bool nobody = holder_is_unknown(holder);
	uint64_t number = nobody ? NOBODY : holder->pid;
	struct value *item;

	if (number_set_add(seen, number) <= 0)
		return;
	item = value_add(list);
	if (!item)
		return;
	value_set_number(item, kind, number);
	item->text = nobody ? UNKNOWN_MARK : NULL;
}

static uint32_t hash_process(struct holding_process process)
{
	return HASH(process.pid, process.start);
}

static const char *find_command(const struct lookup *lookup, struct holding_process process)
{
	const struct holder_record *holder;
	size_t at = 0, n;

	while (hash_index_next(&lookup->processes, hash_process(process), &at, &n)) {
		holder = &lookup->holders.items[n].holder;
		if (holder_is_of(holder, process))
			return holder->comm;
	}
	return NULL;
}

/* Without memory, commands are missing. */
static void index_processes(struct lookup *lookup)
{
	const struct record_list *holders = lookup_holders(lookup);
	const struct holder_record *holder;
	struct holding_process process;
	size_t i;

	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		process = (struct holding_process){ holder->pid, holder->start };
		if (known(holder, HOLDER, PID) && known(holder, HOLDER, COMM) &&
		    !find_command(lookup, process))
			hash_index_add(&lookup->processes, hash_process(process), i);
	}
	lookup->has_processes = true;
}

const char *lookup_command(struct lookup *lookup, struct holding_process process)
{
	if (!lookup->has_processes)
		index_processes(lookup);
	return find_command(lookup, process);
}

/* DEVICES */

/* Compare pointers into one array: holders of the same device keep their order. */
static int compare_devices(const void *a, const void *b)
{
	const struct holder_record *x = *(const struct holder_record *const *)a;
	const struct holder_record *y = *(const struct holder_record *const *)b;

	return strcmp(x->device, y->device) ?: x < y ? -1 : x > y;
}

/* Without memory, holders of devices are missing. */
static void sort_by_device(struct lookup *lookup)
{
	const struct record_list *holders = lookup_holders(lookup);
	const struct holder_record *holder;
	size_t i;

	lookup->by_device = calloc(holders->nr + 1, sizeof(*lookup->by_device));
	if (!lookup->by_device)
		return;
	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if (known(holder, HOLDER, DEVICE))
			lookup->by_device[lookup->nr_by_device++] = holder;
	}
	qsort(lookup->by_device, lookup->nr_by_device, sizeof(*lookup->by_device), compare_devices);
}

/* Return: the number of holders of devices whose names are smaller, or not larger. */
static size_t count_devices(const struct lookup *lookup, const char *device, bool not_larger)
{
	size_t low = 0, high = lookup->nr_by_device, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (strcmp(lookup->by_device[middle]->device, device) < not_larger)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct holder_record *const *lookup_device_holders(struct lookup *lookup, const char *device,
							 size_t *nr)
{
	size_t first;

	if (!lookup->by_device)
		sort_by_device(lookup);
	first = count_devices(lookup, device, false);
	*nr = count_devices(lookup, device, true) - first;
	return lookup->by_device + first;
}

/* UNITS */

const char *lookup_unit(struct lookup *lookup, uint32_t pid)
{
	if (lookup->unit_pid != pid) {
		free(lookup->unit);
		lookup->unit = unit_of_process(pid);
		lookup->unit_pid = pid;
	}
	return lookup->unit;
}

const char *lookup_context_unit(struct lookup *lookup, uint64_t context)
{
	const struct record_range holders = record_list_range(lookup_holders(lookup), context);
	const struct holder_record *holder;
	size_t i;

	for (i = 0; i < holders.nr; i++) {
		holder = &record_range_at(&holders, i)->holder;
		if (known(holder, HOLDER, PID))
			return lookup_unit(lookup, holder->pid);
	}
	return NULL;
}

/* OWNERS */

struct owner_collection {
	struct record_list *areas;
	struct hash_index index; /* of the areas, by owner and context */
	uint32_t enough;
};

static bool has_owner(const struct owner_collection *collection, const struct area_record *area,
		      uint32_t hash)
{
	const struct area_record *other;
	size_t at = 0, n;

	while (hash_index_next(&collection->index, hash, &at, &n)) {
		other = &collection->areas->items[n].area;
		if (other->owner == area->owner && other->context == area->context)
			return true;
	}
	return false;
}

static int collect_owner(const union record *record, void *data)
{
	struct owner_collection *collection = data;
	const struct area_record *area = &record->area;
	uint32_t hash = HASH(area->owner, area->context);
	struct record_list *areas = collection->areas;
	int rc;

	if (!known(area, AREA, OWNER) || has_owner(collection, area, hash))
		return 0;
	if (!hash_index_add(&collection->index, hash, areas->nr))
		return -ENOMEM;
	rc = record_list_add(areas, record);
	return rc ?: collection->enough && areas->nr >= collection->enough;
}

int lookup_owners(struct lookup *lookup, uint64_t context, uint32_t enough,
		  struct record_list *areas)
{
	struct owner_collection collection = { .areas = areas, .enough = enough };
	int rc;

	rc = channel_each(lookup->channel, RECORD_AREA, context, collect_owner, &collection);
	hash_index_free(&collection.index);
	return rc < 0 && rc != -EAGAIN ? rc : 0;
}

struct context_collection {
	struct number_set *contexts;
	uint32_t pid;
};

static int collect_context(const union record *record, void *data)
{
	const struct context_collection *collection = data;
	const struct area_record *area = &record->area;

	if (!known(area, AREA, OWNER) || !known(area, AREA, PID) || area->pid != collection->pid)
		return 0;
	return number_set_add(collection->contexts, area->context) < 0 ? -ENOMEM : 0;
}

int lookup_contexts_of(struct lookup *lookup, uint32_t pid, struct number_set *contexts)
{
	struct context_collection collection = { contexts, pid };
	const struct record_list *holders = lookup_holders(lookup);
	const struct holder_record *holder;
	size_t i;
	int rc;

	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if (known(holder, HOLDER, CONTEXT) && holder_has_pid(holder, pid) &&
		    number_set_add(contexts, holder->context) < 0)
			return -ENOMEM;
	}
	rc = channel_each(lookup->channel, RECORD_AREA, 0, collect_context, &collection);
	return rc < 0 && rc != -EAGAIN ? rc : 0;
}

void lookup_free(struct lookup *lookup)
{
	record_list_free(&lookup->holders);
	record_list_free(&lookup->devices);
	record_list_free(&lookup->contexts);
	hash_index_free(&lookup->processes);
	free(lookup->by_device);
	free(lookup->unit);
	lookup->by_device = NULL;
	lookup->unit = NULL;
}

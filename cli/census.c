// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "census.h"
#include "process.h"

/* A list that cannot be read leaves its column empty; the listing itself will say what is wrong. */
static const struct record_list *load(struct census *census, enum record_kind kind,
				      struct record_list *list, bool *has)
{
	int rc;

	if (!*has) {
		*has = true;
		rc = channel_collect(census->channel, kind, 0, list);
		if (rc)
			channel_failed(census->channel, kind, rc);
	}
	return list;
}

const struct record_list *census_holders(struct census *census)
{
	return load(census, RECORD_HOLDER, &census->holders, &census->has_holders);
}

const struct record_list *census_devices(struct census *census)
{
	return load(census, RECORD_DEVICE, &census->devices, &census->has_devices);
}

void census_add_process(struct cell *list, const struct holder_record *holder)
{
	enum cell_kind kind = known(holder, HOLDER, PID) ? CELL_NUMBER : CELL_UNKNOWN;
	struct cell *item;

	if (cell_has_number(list, kind, holder->pid))
		return;
	item = cell_add(list);
	if (item)
		cell_set_number(item, kind, holder->pid);
}

const char *census_unit(struct census *census, uint32_t pid)
{
	if (census->unit_pid != pid) {
		free(census->unit);
		census->unit = unit_of_process(pid);
		census->unit_pid = pid;
	}
	return census->unit;
}

const char *census_context_unit(struct census *census, uint64_t context)
{
	const struct record_list *holders = census_holders(census);
	const struct holder_record *holder;
	size_t i;

	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if (known(holder, HOLDER, CONTEXT) && holder->context == context &&
		    known(holder, HOLDER, PID))
			return census_unit(census, holder->pid);
	}
	return NULL;
}

struct owner_collection {
	struct record_list *areas;
	uint32_t known_owners;
};

static int collect_owner(const union record *record, void *data)
{
	struct owner_collection *collection = data;
	const struct area_record *area = &record->area;
	struct record_list *areas = collection->areas;
	size_t i;
	int rc;

	if (!known(area, AREA, OWNER))
		return 0;
	for (i = 0; i < areas->nr; i++)
		if (areas->items[i].area.owner == area->owner &&
		    areas->items[i].area.context == area->context)
			return 0;
	rc = record_list_add(areas, record);
	return rc ?: collection->known_owners && areas->nr >= collection->known_owners;
}

int census_owners(struct census *census, uint64_t context, uint32_t known_owners,
		  struct record_list *areas)
{
	struct owner_collection collection = { areas, known_owners };
	int rc;

	rc = channel_each(census->channel, RECORD_AREA, context, collect_owner, &collection);
	return rc < 0 && rc != -EAGAIN ? rc : 0;
}

bool census_has_context(const struct record_list *contexts, uint64_t id)
{
	size_t i;

	for (i = 0; i < contexts->nr; i++)
		if (contexts->items[i].context.context == id)
			return true;
	return false;
}

static int add_context(struct record_list *contexts, const union record *record)
{
	if (census_has_context(contexts, record->context.context))
		return 0;
	return record_list_add(contexts, record);
}

int census_contexts_of(struct census *census, uint32_t pid, struct record_list *contexts)
{
	const struct record_list *holders = census_holders(census);
	struct record_list owners = { 0 };
	size_t i;
	int rc = 0;

	for (i = 0; i < holders->nr && !rc; i++)
		if (known(&holders->items[i].holder, HOLDER, CONTEXT) &&
		    known(&holders->items[i].holder, HOLDER, PID) &&
		    holders->items[i].holder.pid == pid)
			rc = add_context(contexts, &holders->items[i]);
	if (!rc)
		rc = census_owners(census, 0, 0, &owners);
	for (i = 0; i < owners.nr && !rc; i++)
		if (known(&owners.items[i].area, AREA, PID) && owners.items[i].area.pid == pid)
			rc = add_context(contexts, &owners.items[i]);
	record_list_free(&owners);
	return rc;
}

void census_free(struct census *census)
{
	record_list_free(&census->holders);
	record_list_free(&census->devices);
	free(census->unit);
	census->unit = NULL;
}

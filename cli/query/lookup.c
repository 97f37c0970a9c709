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

/* Number of the item of unknown holders. That of processes without a PID here is 0. */
#define NOBODY UINT64_MAX

void lookup_add_process(struct value *list, const struct holder_record *holder)
{
	enum value_kind kind = known(holder, HOLDER, PID) ? VALUE_NUMBER : VALUE_UNKNOWN;
	bool nobody = holder_is_unknown(holder);
	uint64_t number = nobody ? NOBODY : holder->pid;
	struct value *item;

	if (value_has_number(list, kind, number))
		return;
	item = value_add(list);
	if (!item)
		return;
	value_set_number(item, kind, number);
	item->text = nobody ? UNKNOWN_MARK : NULL;
}

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
	const struct record_list *holders = lookup_holders(lookup);
	const struct holder_record *holder;
	size_t i;

	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if (holder_has_context(holder, context) && known(holder, HOLDER, PID))
			return lookup_unit(lookup, holder->pid);
	}
	return NULL;
}

struct owner_collection {
	struct record_list *areas;
	uint32_t enough;
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
	return rc ?: collection->enough && areas->nr >= collection->enough;
}

int lookup_owners(struct lookup *lookup, uint64_t context, uint32_t enough,
		  struct record_list *areas)
{
	struct owner_collection collection = { areas, enough };
	int rc;

	rc = channel_each(lookup->channel, RECORD_AREA, context, collect_owner, &collection);
	return rc < 0 && rc != -EAGAIN ? rc : 0;
}

static int add_context(struct record_list *contexts, const union record *record)
{
	if (record_list_has_context(contexts, record->context.context))
		return 0;
	return record_list_add(contexts, record);
}

int lookup_contexts_of(struct lookup *lookup, uint32_t pid, struct record_list *contexts)
{
	const struct record_list *holders = lookup_holders(lookup);
	struct record_list owners = { 0 };
	size_t i;
	int rc = 0;

	for (i = 0; i < holders->nr && !rc; i++)
		if (known(&holders->items[i].holder, HOLDER, CONTEXT) &&
		    holder_has_pid(&holders->items[i].holder, pid))
			rc = add_context(contexts, &holders->items[i]);
	if (!rc)
		rc = lookup_owners(lookup, 0, 0, &owners);
	for (i = 0; i < owners.nr && !rc; i++)
		if (known(&owners.items[i].area, AREA, PID) && owners.items[i].area.pid == pid)
			rc = add_context(contexts, &owners.items[i]);
	record_list_free(&owners);
	return rc;
}

void lookup_free(struct lookup *lookup)
{
	record_list_free(&lookup->holders);
	record_list_free(&lookup->devices);
	record_list_free(&lookup->contexts);
	free(lookup->unit);
	lookup->unit = NULL;
}

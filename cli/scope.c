// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "scope.h"

bool scope_has(const struct scope *scope, uint64_t context)
{
	size_t i;

	for (i = 0; i < scope->nr; i++)
		if (scope->contexts[i] == context)
			return true;
	return false;
}

static void add(struct scope *scope, uint64_t context)
{
	if (!scope_has(scope, context))
		scope->contexts[scope->nr++] = context;
}

int scope_find(struct scope *scope, const struct transfer *transfer, struct census *census)
{
	const struct record_list *holders = census_holders(census);
	const struct holder_record *holder;
	size_t i;

	*scope = (struct scope){ 0 };
	scope->contexts = calloc(transfer->nr_contexts + holders->nr + 1,
				 sizeof(*scope->contexts));
	if (!scope->contexts)
		return -ENOMEM;
	for (i = 0; i < transfer->nr_contexts; i++)
		add(scope, transfer->files[i].context);
	for (i = 0; i < holders->nr && !transfer->nr_contexts; i++) {
		holder = &holders->items[i].holder;
		if (known(holder, HOLDER, CONTEXT) && known(holder, HOLDER, PID) &&
		    holder->pid == transfer->to.process.pid)
			add(scope, holder->context);
	}
	return 0;
}

void scope_free(struct scope *scope)
{
	free(scope->contexts);
	*scope = (struct scope){ 0 };
}

int scope_each_area(const struct scope *scope, struct channel *channel, record_fn fn, void *data)
{
	return channel_each(channel, RECORD_AREA, scope->nr == 1 ? scope->contexts[0] : 0, fn,
			    data);
}

bool scope_means(const struct transfer *transfer, const struct area_record *area)
{
	return !transfer->from_text || area->owner == transfer->from.owner;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "context_set.h"

bool context_set_has(const struct context_set *set, uint64_t context)
{
	size_t i;

	for (i = 0; i < set->nr; i++)
		if (set->ids[i] == context)
			return true;
	return false;
}

static void add(struct context_set *set, uint64_t context)
{
	if (!context_set_has(set, context))
		set->ids[set->nr++] = context;
}

int context_set_find(struct context_set *set, const struct transfer_scope *scope,
		     struct lookup *lookup)
{
	static const struct record_list none;
	const struct record_list *holders = scope->nr_files ? &none : lookup_holders(lookup);
	const struct holder_record *holder;
	size_t i;

	*set = (struct context_set){ 0 };
	set->ids = calloc(scope->nr_files + holders->nr + 1, sizeof(*set->ids));
	if (!set->ids)
		return -ENOMEM;
	for (i = 0; i < scope->nr_files; i++)
		add(set, scope->files[i].context);
	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if (known(holder, HOLDER, CONTEXT) && known(holder, HOLDER, PID) &&
		    holder->pid == scope->to.process.pid)
			add(set, holder->context);
	}
	return 0;
}

void context_set_free(struct context_set *set)
{
	free(set->ids);
	*set = (struct context_set){ 0 };
}

uint64_t context_set_only(const struct context_set *set)
{
	return set->nr == 1 ? set->ids[0] : 0;
}

int context_set_each_area(const struct context_set *set, struct channel *channel, record_fn fn,
			  void *data)
{
	return channel_each(channel, RECORD_AREA, context_set_only(set), fn, data);
}

// SPDX-License-Identifier: GPL-2.0-only
#include "context_set.h"
#include "query/holding.h"

bool context_set_has(const struct context_set *set, uint64_t context)
{
	return number_set_has(&set->ids, context);
}

int context_set_find(struct context_set *set, const struct transfer_scope *scope,
		     struct lookup *lookup)
{
	static const struct record_list none;
	const struct record_list *holders = scope->nr_files ? &none : lookup_holders(lookup);
	const struct holder_record *holder;
	size_t i;
	int rc = 0;

	*set = (struct context_set){ 0 };
	for (i = 0; i < scope->nr_files && rc >= 0; i++)
		rc = number_set_add(&set->ids, scope->files[i].context);
	for (i = 0; i < holders->nr && rc >= 0; i++) {
		holder = &holders->items[i].holder;
		if (known(holder, HOLDER, CONTEXT) && holder_has_pid(holder, scope->to.process.pid))
			rc = number_set_add(&set->ids, holder->context);
	}
	return rc < 0 ? rc : 0;
}

void context_set_free(struct context_set *set)
{
	number_set_free(&set->ids);
}

uint64_t context_set_only(const struct context_set *set)
{
	return set->ids.nr == 1 ? set->ids.items[0] : 0;
}

int context_set_each_area(const struct context_set *set, struct channel *channel, record_fn fn,
			  void *data)
{
	return channel_each(channel, RECORD_AREA, context_set_only(set), fn, data);
}

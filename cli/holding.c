// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "holding.h"

static bool counts(const struct holder_record *holder, uint64_t context, const char *device)
{
	if (!known(holder, HOLDER, CONTEXT) || holder->context != context)
		return false;
	return !device || (holder->via == DMAOWN_VIA_DEVICE && !strcmp(holder->device, device));
}

static unsigned int rank(const struct holder_record *holder)
{
	return (known(holder, HOLDER, PID) ? 2 : 0) + (holder->via == DMAOWN_VIA_CONTEXT);
}

struct holding holding_find(const struct record_list *holders, uint64_t context,
			    const char *device, struct holding_process process)
{
	const struct holder_record *holder, **best;
	struct holding holding = { 0 };
	size_t i;

	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if (!counts(holder, context, device))
			continue;
		best = holder->pid == process.pid && holder->start == process.start ?
		       &holding.own : &holding.other;
		if (!*best || rank(holder) > rank(*best))
			*best = holder;
	}
	return holding;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "holding.h"

bool holder_has_context(const struct holder_record *holder, uint64_t context)
{
	return known(holder, HOLDER, CONTEXT) && holder->context == context;
}

bool holder_has_pid(const struct holder_record *holder, uint32_t pid)
{
	return known(holder, HOLDER, PID) && holder->pid == pid;
}

bool holder_is_of(const struct holder_record *holder, struct holding_process process)
{
	return holder->pid == process.pid && holder->start == process.start;
}

static bool counts(const struct holder_record *holder, uint64_t context, const char *device)
{
	if (!holder_has_context(holder, context))
		return false;
	return !device || (holder->via == DMAOWN_VIA_DEVICE && !strcmp(holder->device, device));
}

static unsigned int rank(const struct holder_record *holder)
{
	return (known(holder, HOLDER, PID) ? 2 : 0) + (holder->via == DMAOWN_VIA_CONTEXT);
}

struct holding holding_find(const struct record_list *holders, uint64_t context, const char *device,
			    struct holding_process process)
{
	const struct holder_record *holder, **best;
	struct holding holding = { 0 };
	size_t i;

	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if (!counts(holder, context, device))
			continue;
		best = holder_is_of(holder, process) ? &holding.own : &holding.other;
		if (!*best || rank(holder) > rank(*best))
			*best = holder;
	}
	return holding;
}

bool holding_exists(const struct record_list *holders, uint64_t context, uint32_t pid)
{
	const struct holder_record *holder;
	size_t i;

	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if (holder_has_context(holder, context) && holder_has_pid(holder, pid))
			return true;
	}
	return false;
}

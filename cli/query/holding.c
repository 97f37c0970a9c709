// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "holding.h"

bool holder_is_unknown(const struct holder_record *holder)
{
	return holder->via == DMAOWN_VIA_UNKNOWN;
}

bool holder_is_unclear(const struct holder_record *holder)
{
	return holder->busy || holder->unseen;
}

bool holder_is_certain(const struct holder_record *holder)
{
	return !holder_is_unknown(holder) || known(holder, HOLDER, FILES);
}

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

bool holder_has_device(const struct holder_record *holder, const char *device)
{
	return known(holder, HOLDER, DEVICE) && !strcmp(holder->device, device);
}

struct dmaown_file holder_file(const struct holder_record *holder)
{
	return (struct dmaown_file){
		.holder = { .pid = holder->pid, .start = holder->start },
		.fd = known(holder, HOLDER, FD) ? holder->fd : DMAOWN_FD_ANY,
		.context = holder->context,
	};
}

const char *holder_text(char text[HOLDER_TEXT], const struct holder_record *holder)
{
	if (known(holder, HOLDER, FD))
		snprintf(text, HOLDER_TEXT, "descriptor %" PRIu32, holder->fd);
	else if (known(holder, HOLDER, ADDR))
		snprintf(text, HOLDER_TEXT, "the mapping at 0x%" PRIx64, holder->addr);
	else
		snprintf(text, HOLDER_TEXT, "a file");
	return text;
}

static unsigned int rank(const struct holder_record *holder)
{
	return (known(holder, HOLDER, PID) ? 4 : 0) + (known(holder, HOLDER, FD) ? 2 : 0) +
	       (holder->via == DMAOWN_VIA_CONTEXT);
}

bool holder_is_better(const struct holder_record *holder, const struct holder_record *than)
{
	return !than || rank(holder) > rank(than);
}

static bool counts(const struct holder_record *holder, const char *device)
{
	if (holder_is_unknown(holder))
		return false;
	return !device || holder_has_device(holder, device);
}

struct holding holding_find(const struct record_list *holders, uint64_t context, const char *device,
			    struct holding_process process)
{
	const struct record_range range = record_list_range(holders, context);
	const struct holder_record *holder, **best;
	struct holding holding = { 0 };
	size_t i;

	for (i = 0; i < range.nr; i++) {
		holder = &record_range_at(&range, i)->holder;
		if (!counts(holder, device))
			continue;
		best = holder_is_of(holder, process) ? &holding.own : &holding.other;
		if (holder_is_better(holder, *best))
			*best = holder;
	}
	return holding;
}

bool holding_exists(const struct record_list *holders, uint64_t context, uint32_t pid)
{
	const struct record_range range = record_list_range(holders, context);
	size_t i;

	for (i = 0; i < range.nr; i++)
		if (holder_has_pid(&record_range_at(&range, i)->holder, pid))
			return true;
	return false;
}

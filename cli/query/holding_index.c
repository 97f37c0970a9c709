// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "holding_index.h"

static uint32_t hash_file(uint64_t context, struct holding_process process)
{
	return HASH(context, process.pid, process.start);
}

static uint32_t hash_process(struct holding_process process)
{
	return HASH(process.pid, process.start);
}

bool holding_index_has(const struct holding_index *index, uint64_t context,
		       struct holding_process process)
{
	const struct holder_record *holder;
	size_t at = 0, n;

	while (hash_index_next(&index->files, hash_file(context, process), &at, &n)) {
		holder = &index->holders->items[n].holder;
		if (holder->context == context && holder_is_of(holder, process))
			return true;
	}
	return false;
}

bool holding_index_is_unclear(const struct holding_index *index, struct holding_process process)
{
	size_t at = 0, n;

	while (hash_index_next(&index->unclear, hash_process(process), &at, &n))
		if (holder_is_of(&index->holders->items[n].holder, process))
			return true;
	return false;
}

static bool add(struct holding_index *index, size_t n)
{
	const struct holder_record *holder = &index->holders->items[n].holder;
	const struct holding_process process = { holder->pid, holder->start };

	if (known(holder, HOLDER, CONTEXT) && !holder_is_unknown(holder) &&
	    !holding_index_has(index, holder->context, process) &&
	    !hash_index_add(&index->files, hash_file(holder->context, process), n))
		return false;
	return !holder_is_unclear(holder) || holding_index_is_unclear(index, process) ||
	       hash_index_add(&index->unclear, hash_process(process), n);
}

int holding_index_make(struct holding_index *index, const struct record_list *holders)
{
	size_t i;

	*index = (struct holding_index){ .holders = holders };
	for (i = 0; i < holders->nr; i++)
		if (!add(index, i))
			return -ENOMEM;
	return 0;
}

void holding_index_free(struct holding_index *index)
{
	hash_index_free(&index->files);
	hash_index_free(&index->unclear);
}

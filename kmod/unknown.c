// SPDX-License-Identifier: GPL-2.0-only
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "array.h"
#include "unknown.h"
#include "vfio/devices.h"

struct unknown_walk {
	struct unknown_holders *unknown;
	const struct snapshot *snapshot;
	u64 only;
};

static int unknown_add(struct unknown_holders *unknown, const struct holder *holder)
{
	struct holder *array;

	array = array_grow(unknown->array, unknown->nr, &unknown->room, sizeof(*array));
	if (!array)
		return -ENOMEM;
	unknown->array = array;
	array[unknown->nr++] = *holder;
	return 0;
}

/* Complete a holder of the files that the snapshot lacks, and add it if there are any. */
static int unknown_add_rest(const struct unknown_walk *walk, struct holder *holder,
			    unsigned int opens)
{
	unsigned int files;
	bool locked;

	files = dmaown_snapshot_device_files(walk->snapshot, 0, holder->device, &locked);
	if (locked || opens <= files)
		return 0;
	holder->via = DMAOWN_VIA_UNKNOWN;
	holder->fd = NO_FD;
	holder->opens = opens - files;
	return unknown_add(walk->unknown, holder);
}

/*
 * Add a device whose context is unknown, or that is in none, unless the snapshot has a file of it:
 * then that file says more.
 */
static int unknown_add_device(const struct unknown_walk *walk, struct holder *holder)
{
	if (dmaown_snapshot_device(walk->snapshot, 0, holder->device))
		return 0;
	holder->via = DMAOWN_VIA_UNKNOWN;
	holder->fd = NO_FD;
	return unknown_add(walk->unknown, holder);
}

static int unknown_check_open(const struct open_device *open, void *arg)
{
	const struct unknown_walk *walk = arg;
	struct holder holder = { .removing = open->device.removing };

	if (fatal_signal_pending(current))
		return -EINTR;
	strscpy(holder.device, open->device.name, sizeof(holder.device));
	if (open->ctx.self) {
		holder.context = dmaown_context_id(open->ctx);
		holder.kind = dmaown_context_kind(open->ctx);
		if (walk->only && holder.context != walk->only)
			return 0;
		return unknown_add_rest(walk, &holder, open->device.opens);
	}
	if (walk->only && !open->busy && !open->unseen)
		return 0;
	holder.busy = open->busy;
	holder.unseen = open->unseen;
	holder.opens = open->device.opens;
	return unknown_add_device(walk, &holder);
}

/* A holder in a context, by a file of the same device as by_device[i]; or NULL. */
static const struct holder *unknown_file_in_context(const struct snapshot *snapshot, unsigned int i)
{
	const struct holder *last =
		snapshot->by_device[dmaown_snapshot_next_device(snapshot, i) - 1];

	return last->context ? last : NULL;
}

/* VFIO unregisters a device that is being removed: only its files show it. */
static int unknown_check_removed(const struct unknown_walk *walk)
{
	const struct snapshot *snapshot = walk->snapshot;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < snapshot->by_device_nr && !ret;
	     i = dmaown_snapshot_next_device(snapshot, i)) {
		const struct holder *file = unknown_file_in_context(snapshot, i);
		struct holder holder = {};

		if (!file || !file->removing)
			continue;
		holder.context = file->context;
		holder.kind = file->kind;
		strscpy(holder.device, file->device, sizeof(holder.device));
		holder.removing = true;
		ret = unknown_add_rest(walk, &holder, file->opens);
		cond_resched();
	}
	return ret;
}

int dmaown_unknown_find(struct unknown_holders *unknown, const struct snapshot *snapshot, u64 only)
{
	struct unknown_walk walk = { .unknown = unknown, .snapshot = snapshot, .only = only };

	return dmaown_vfio_each_open(unknown_check_open, &walk) ?: unknown_check_removed(&walk);
}

void dmaown_unknown_free(struct unknown_holders *unknown)
{
	kvfree(unknown->array);
}

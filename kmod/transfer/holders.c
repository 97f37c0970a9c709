// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "holders.h"
#include "stats.h"
#include "tally.h"

/* Age in milliseconds after which the holders are looked up again */
#define FRESH 100

/*
 * Times that files are counted, and the pause between them in milliseconds, if no process seems to
 * have a file of a device. The file may be on its way to another process, or being closed, which
 * resets the device first.
 */
#define LOOKS	   4
#define LOOK_PAUSE 50

/* Reasons to look again: an open file was not found; a process was not read to the end */
#define UNFOUND 1
#define UNREAD	2

/* Holders without a number are the last. */
static bool holders_any_unread(const struct snapshot *snapshot)
{
	unsigned int i = snapshot->nr;

	while (i && snapshot->holders[i - 1].number == NUMBER_NONE)
		if (snapshot->holders[--i].incomplete)
			return true;
	return false;
}

/*
 * The files that were found stay open until VFIO's counts have been read. So VFIO counts all of
 * them, and any excess is files that are open but were not found. A file that is opened and closed
 * all the time cannot replace another in the count.
 */
static int holders_look_once(struct holders *holders, const struct contexts *contexts,
			     bool everywhere, struct lockset_place *where)
{
	struct snapshot *snapshot = &holders->snapshot;
	struct bound_devices *devices = &holders->devices;
	int ret;

	dmaown_holders_free(holders);
	holders->found = ktime_get();
	ret = dmaown_devices_find(devices, contexts, where);
	devices->mapped.any = devices->mapped.any || everywhere;
	if (!ret)
		ret = dmaown_snapshot_of(snapshot, &contexts->set, &devices->mapped);
	if (!ret)
		ret = dmaown_snapshot_index_devices(snapshot);
	if (!ret)
		ret = dmaown_devices_count(devices, snapshot, where);
	if (!ret && holders_any_unread(snapshot))
		ret = UNREAD;
	dmaown_snapshot_release_files(snapshot);
	if (ret < 0)
		dmaown_holders_free(holders);
	return ret;
}

/*
 * Look again if a file was not found, then in the mappings of all processes; or if a process could
 * not be read to the end.
 */
static int holders_look(struct holders *holders, const struct contexts *contexts,
			struct lockset_place *where)
{
	bool everywhere = false;
	unsigned int looks;
	int ret;

	for (looks = 1;; looks++) {
		ret = holders_look_once(holders, contexts, everywhere, where);
		if (ret <= 0 || looks == LOOKS)
			return min(ret, 0);
		everywhere = everywhere || ret == UNFOUND;
		schedule_timeout_killable(msecs_to_jiffies(LOOK_PAUSE));
		if (fatal_signal_pending(current))
			return -EINTR;
	}
}

/* A FEW PROCESSES */

/* Whoever owns the first area probably holds the context. */
static void holders_add_owner(struct tally *tally, struct context ctx)
{
	struct cursor cursor = { .last_id = U32_MAX };
	struct area area;

	if (dmaown_context_areas(ctx, &cursor, &area, 1) != 1)
		return;
	if (area.pages)
		dmaown_tally_add_process(tally, area.owner.task);
	dmaown_areas_put(&area, 1);
}

/* The tally has the devices' open files, and none of them is unknown. Return: 0, 1, or an error. */
static int holders_look_by_tally(struct holders *holders, const struct contexts *contexts,
				 struct tally *tally)
{
	struct snapshot *snapshot = &holders->snapshot;
	int ret;

	dmaown_holders_free(holders);
	holders->found = ktime_get();
	ret = dmaown_snapshot_of_few(snapshot, &contexts->set, tally);
	if (!ret)
		ret = dmaown_snapshot_index_devices(snapshot);
	dmaown_snapshot_release_files(snapshot);
	if (ret)
		dmaown_holders_free(holders);
	return ret;
}

/* Return: 0 if that was enough; 1 if not; or an error. */
static int holders_look_in_few(struct holders *holders, const struct contexts *contexts,
			       struct task_struct *to)
{
	struct tally *tally;
	unsigned int i;
	int ret;

	if (!to || contexts->nr > TALLY_CONTEXTS)
		return 1;
	tally = dmaown_tally_new(contexts->array, contexts->nr);
	if (!tally)
		return -ENOMEM;
	dmaown_tally_add_process(tally, to);
	for (i = 0; i < contexts->nr; i++)
		holders_add_owner(tally, contexts->array[i]);
	ret = holders_look_by_tally(holders, contexts, tally);
	dmaown_tally_free(tally);
	return ret;
}

int dmaown_holders_refresh(struct holders *holders, const struct contexts *contexts,
			   struct task_struct *to, struct lockset_place *where)
{
	int ret;

	if (holders->found && ktime_ms_delta(ktime_get(), holders->found) < FRESH)
		return 0;
	ret = holders_look_in_few(holders, contexts, to);
	if (ret >= 0 && to)
		dmaown_stats_search(!ret);
	return ret > 0 ? holders_look(holders, contexts, where) : ret;
}

void dmaown_holders_free(struct holders *holders)
{
	dmaown_snapshot_free(&holders->snapshot);
	dmaown_devices_free(&holders->devices);
	memset(holders, 0, sizeof(*holders));
}

struct dmaown_report dmaown_holder_report(const struct holder *holder,
					  const struct context *contexts, enum dmaown_reason reason)
{
	struct dmaown_report report = {
		.reason = reason,
		.process = pid_nr_ns(holder->pid, task_active_pid_ns(current)),
	};

	if (holder->number != NUMBER_NONE)
		report.context = dmaown_context_id(contexts[holder->number]);
	return report;
}

u64 dmaown_holder_user(const struct holder *holder)
{
	return from_kuid_munged(current_user_ns(), holder->uid);
}

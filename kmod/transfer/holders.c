// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "holders.h"

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

int dmaown_holders_refresh(struct holders *holders, const struct contexts *contexts,
			   struct lockset_place *where)
{
	if (holders->found && ktime_ms_delta(ktime_get(), holders->found) < FRESH)
		return 0;
	return holders_look(holders, contexts, where);
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

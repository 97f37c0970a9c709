// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bitops.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
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

static struct dmaown_report holders_report_on(const struct plan *plan, enum dmaown_reason reason,
					      const struct holder *holder)
{
	return (struct dmaown_report){
		.reason = reason,
		.context = dmaown_context_id(plan->contexts[holder->number]),
		.process = pid_nr_ns(holder->pid, task_active_pid_ns(current)),
	};
}

static void holders_report_untrusted(const struct plan *plan, const struct holder *holder,
				     struct reports *reports)
{
	struct dmaown_report report = holders_report_on(plan, DMAOWN_REASON_UNTRUSTED, holder);

	report.value = from_kuid_munged(current_user_ns(), holder->uid);
	dmaown_report_add(reports, &report);
}

static void holders_report_reset(const struct plan *plan, const struct holder *holder,
				 struct reports *reports)
{
	struct dmaown_report report = holders_report_on(plan, DMAOWN_REASON_WOULD_RESET, holder);

	strscpy(report.device, holder->device, sizeof(report.device));
	dmaown_report_add(reports, &report);
}

/* Without has_opens the module counts no files: unknown is a flag then. */
static void holders_report_unknown(const struct plan *plan, const struct bound_device *device,
				   struct reports *reports)
{
	struct dmaown_report report = {
		.reason = DMAOWN_REASON_UNKNOWN_HOLDER,
		.value = device->has_opens ? device->unknown : 0,
	};

	if (device->number != NUMBER_NONE)
		report.context = dmaown_context_id(plan->contexts[device->number]);
	strscpy(report.device, device->name, sizeof(report.device));
	dmaown_report_add(reports, &report);
}

static void holders_report_unseen(const struct plan *plan, unsigned int number,
				  struct reports *reports)
{
	struct dmaown_report report = {
		.reason = DMAOWN_REASON_UNSEEN,
		.context = dmaown_context_id(plan->contexts[number]),
	};

	dmaown_report_add(reports, &report);
}

static bool holders_any_touched(const struct plan *plan)
{
	return !bitmap_empty(plan->touched, plan->contexts_nr);
}

/* @number may be NUMBER_NONE: then any context counts. */
static bool holders_touched(const struct plan *plan, unsigned int number)
{
	return number == NUMBER_NONE ? holders_any_touched(plan) : test_bit(number, plan->touched);
}

static bool holder_may_act_as(const struct plan *plan, kuid_t uid)
{
	return uid_eq(uid, plan->to->user->uid) || uid_eq(uid, GLOBAL_ROOT_UID);
}

static bool holder_is_trusted(const struct plan *plan, const struct holder *holder)
{
	return holder_may_act_as(plan, holder->uid) && holder_may_act_as(plan, holder->euid) &&
	       holder_may_act_as(plan, holder->suid);
}

/* The parties of the transfer are the new owner, and the old owner if there is only one. */
static bool holder_is_party(const struct plan *plan, const struct holder *holder)
{
	return holder->pid == task_tgid(plan->to->task) ||
	       dmaown_plan_takes_only_from(plan, holder->pid);
}

static bool holder_same_process(const struct holder *a, const struct holder *b)
{
	return a->number == b->number && a->tgid == b->tgid && a->start == b->start;
}

/* A process that could not be read to the end may hold any of the contexts. */
static void holders_report_unread(const struct holder *holder, struct reports *reports)
{
	struct dmaown_report report = {
		.reason = DMAOWN_REASON_UNREAD,
		.process = pid_nr_ns(holder->pid, task_active_pid_ns(current)),
		.value = from_kuid_munged(current_user_ns(), holder->uid),
	};

	dmaown_report_add(reports, &report);
}

static void holders_check_holder(const struct plan *plan, const struct holder *holder,
				 const struct forces *forces, struct reports *reports)
{
	bool unread = holder->number == NUMBER_NONE;
	enum dmaown_reason reason = unread ? DMAOWN_REASON_UNREAD : DMAOWN_REASON_UNTRUSTED;

	if (holder_is_trusted(plan, holder) || holder_is_party(plan, holder) ||
	    dmaown_forces_process(forces, reason, holder->tgid, holder->start))
		return;
	if (unread)
		holders_report_unread(holder, reports);
	else
		holders_report_untrusted(plan, holder, reports);
}

/* Does the holder count for the contexts that the plan touches? */
static bool holder_counts(const struct plan *plan, const struct holder *holder)
{
	if (holder->number == NUMBER_NONE)
		return holder->incomplete && holders_any_touched(plan);
	return test_bit(holder->number, plan->touched);
}

/* Check each process once for each context. */
static void holders_check_trust(const struct holders *holders, const struct plan *plan,
				const struct forces *forces, struct reports *reports)
{
	const struct snapshot *snapshot = &holders->snapshot;
	unsigned int i;

	for (i = 0; i < snapshot->nr; i++) {
		const struct holder *holder = &snapshot->holders[i];

		if (!holder_counts(plan, holder))
			continue;
		if (!i || !holder_counts(plan, holder - 1) ||
		    !holder_same_process(holder - 1, holder))
			holders_check_holder(plan, holder, forces, reports);
	}
}

static bool holder_stays(const struct plan *plan, const struct holder *holder)
{
	return !dmaown_plan_takes_from(plan, holder->pid);
}

/*
 * A group without open devices does no DMA, and a group with an open device stays with it. But a
 * container loses all its mappings with its last group. An iommufd context loses nothing.
 */
static bool holders_any_group_stays(const struct holders *holders, const struct plan *plan,
				    unsigned int number)
{
	const struct snapshot *snapshot = &holders->snapshot;
	unsigned int i;

	if (dmaown_context_kind(plan->contexts[number]) == DMAOWN_KIND_IOMMUFD)
		return true;
	for (i = 0; i < snapshot->by_device_nr; i++)
		if (snapshot->by_device[i]->number == number &&
		    holder_stays(plan, snapshot->by_device[i]))
			return true;
	return false;
}

static bool holder_same_device(const struct holder *a, const struct holder *b)
{
	return a->number == b->number && !strcmp(a->device, b->device);
}

/* A device is not reset while a process that is not an old owner has a file of it open. */
static void holders_check_resets(const struct holders *holders, const struct plan *plan,
				 const struct forces *forces, struct reports *reports)
{
	const struct snapshot *snapshot = &holders->snapshot;
	unsigned int i, end;

	for (i = 0; i < snapshot->by_device_nr; i = end) {
		const struct holder *device = snapshot->by_device[i];
		bool kept = device->number == NUMBER_NONE ||
			    !test_bit(device->number, plan->touched) ||
			    dmaown_forces_device(forces, DMAOWN_REASON_WOULD_RESET, device->device);

		for (end = i; end < snapshot->by_device_nr; end++) {
			if (!holder_same_device(device, snapshot->by_device[end]))
				break;
			kept = kept || holder_stays(plan, snapshot->by_device[end]);
		}
		if (device->via == DMAOWN_VIA_GROUP)
			kept = kept || holders_any_group_stays(holders, plan, device->number);
		if (!kept)
			holders_report_reset(plan, device, reports);
	}
}

/*
 * The holders of the other files of a device are unknown: they may be about to exit, or run as any
 * user.
 */
static void holders_check_unknown(const struct holders *holders, const struct plan *plan,
				  const struct forces *forces, struct reports *reports)
{
	unsigned int i;

	for (i = 0; i < holders->devices.nr; i++) {
		const struct bound_device *device = &holders->devices.array[i];

		if (holders_touched(plan, device->number) && device->unknown &&
		    !dmaown_forces_device(forces, DMAOWN_REASON_UNKNOWN_HOLDER, device->name))
			holders_report_unknown(plan, device, reports);
	}
}

/* A file of VFIO may hold any context, with or without devices. */
static void holders_check_unseen(const struct holders *holders, const struct plan *plan,
				 const struct forces *forces, struct reports *reports)
{
	unsigned int number;

	if (!holders->snapshot.vfio_unseen || dmaown_forces_any(forces, DMAOWN_REASON_UNSEEN))
		return;
	for_each_set_bit(number, plan->touched, plan->contexts_nr)
		holders_report_unseen(plan, number, reports);
}

void dmaown_holders_check(const struct holders *holders, const struct plan *plan,
			  const struct forces *forces, struct reports *reports)
{
	holders_check_resets(holders, plan, forces, reports);
	holders_check_unknown(holders, plan, forces, reports);
	holders_check_unseen(holders, plan, forces, reports);
	holders_check_trust(holders, plan, forces, reports);
}

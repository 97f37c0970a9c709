// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bitops.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "holders.h"

/* What was found longer ago than that, in milliseconds, is not new any more. */
#define FRESH	100

static int process_compare(const void *a, const void *b)
{
	const struct holder *x = a;
	const struct holder *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	if (x->tgid != y->tgid)
		return x->tgid < y->tgid ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

static int device_compare(const void *a, const void *b)
{
	const struct holder *x = *(const struct holder **)a;
	const struct holder *y = *(const struct holder **)b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return strcmp(x->device, y->device);
}

static int find(struct holders *holders, const struct contexts *contexts)
{
	struct snapshot *snapshot = &holders->snapshot;
	unsigned int i;
	int ret;

	holders_free(holders);
	holders->found = ktime_get();
	ret = snapshot_of(snapshot, &contexts->set);
	if (ret)
		return ret;
	holders->devices = kvmalloc_array(snapshot->nr + 1, sizeof(*holders->devices),
					  GFP_KERNEL_ACCOUNT);
	if (!holders->devices) {
		holders_free(holders);
		return -ENOMEM;
	}
	if (snapshot->nr)
		sort(snapshot->holders, snapshot->nr, sizeof(*snapshot->holders), process_compare,
		     NULL);
	for (i = 0; i < snapshot->nr; i++)
		if (snapshot->holders[i].via != DMAOWN_VIA_CONTEXT)
			holders->devices[holders->devices_nr++] = &snapshot->holders[i];
	if (holders->devices_nr)
		sort(holders->devices, holders->devices_nr, sizeof(*holders->devices),
		     device_compare, NULL);
	return 0;
}

int holders_refresh(struct holders *holders, const struct contexts *contexts)
{
	if (holders->found && ktime_ms_delta(ktime_get(), holders->found) < FRESH)
		return 0;
	return find(holders, contexts);
}

void holders_free(struct holders *holders)
{
	snapshot_free(&holders->snapshot);
	kvfree(holders->devices);
	memset(holders, 0, sizeof(*holders));
}

static struct dmaown_report report_on(const struct plan *plan, enum dmaown_reason reason,
				      const struct holder *holder)
{
	return (struct dmaown_report){
		.reason = reason,
		.context = context_id(plan->contexts[holder->number]),
		.process = pid_nr_ns(holder->pid, task_active_pid_ns(current)),
	};
}

static void report_untrusted(const struct plan *plan, const struct holder *holder,
			     struct reports *reports)
{
	struct dmaown_report report = report_on(plan, DMAOWN_REASON_UNTRUSTED, holder);

	report.value = from_kuid_munged(current_user_ns(), holder->uid);
	report_add(reports, &report);
}

static void report_reset(const struct plan *plan, const struct holder *holder,
			 struct reports *reports)
{
	struct dmaown_report report = report_on(plan, DMAOWN_REASON_WOULD_RESET, holder);

	strscpy(report.device, holder->device, sizeof(report.device));
	report_add(reports, &report);
}

static bool may_act_as(const struct plan *plan, kuid_t uid)
{
	return uid_eq(uid, plan->to->user->uid) || uid_eq(uid, GLOBAL_ROOT_UID);
}

static bool is_trusted(const struct plan *plan, const struct holder *holder)
{
	return may_act_as(plan, holder->uid) && may_act_as(plan, holder->euid) &&
	       may_act_as(plan, holder->suid);
}

/* Who is party to the transfer: the new owner, and the old one if there is but one. */
static bool is_party(const struct plan *plan, const struct holder *holder)
{
	return holder->pid == task_tgid(plan->to->task) ||
	       plan_takes_only_from(plan, holder->pid);
}

/* Each process once for each context. */
static void check_trust(const struct holders *holders, const struct plan *plan,
			const struct forces *forces, struct reports *reports)
{
	const struct snapshot *snapshot = &holders->snapshot;
	unsigned int i;

	for (i = 0; i < snapshot->nr; i++) {
		const struct holder *holder = &snapshot->holders[i];

		if (!test_bit(holder->number, plan->touched) ||
		    (i && !process_compare(holder - 1, holder)))
			continue;
		if (!is_trusted(plan, holder) && !is_party(plan, holder) &&
		    !forces_holder(forces, holder->tgid, holder->start))
			report_untrusted(plan, holder, reports);
	}
}

static bool stays(const struct plan *plan, const struct holder *holder)
{
	return !plan_takes_from(plan, holder->pid);
}

/*
 * A group without open devices does no DMA, and one with an open device stays with that. But with
 * the last group a container loses all that is mapped.
 */
static bool any_group_stays(const struct holders *holders, const struct plan *plan,
			    unsigned int number)
{
	unsigned int i;

	for (i = 0; i < holders->devices_nr; i++)
		if (holders->devices[i]->number == number && stays(plan, holders->devices[i]))
			return true;
	return false;
}

/* A device stays as it is as long as anyone has a file of it open who is not about to go. */
static void check_devices(const struct holders *holders, const struct plan *plan,
			  const struct forces *forces, struct reports *reports)
{
	unsigned int i, end;

	for (i = 0; i < holders->devices_nr; i = end) {
		const struct holder *device = holders->devices[i];
		bool kept = !test_bit(device->number, plan->touched) ||
			    forces_reset(forces, device->device);

		for (end = i; end < holders->devices_nr; end++) {
			if (device_compare(&device, &holders->devices[end]))
				break;
			kept = kept || stays(plan, holders->devices[end]);
		}
		if (device->via == DMAOWN_VIA_GROUP)
			kept = kept || any_group_stays(holders, plan, device->number);
		if (!kept)
			report_reset(plan, device, reports);
	}
}

void holders_check(const struct holders *holders, const struct plan *plan,
		   const struct forces *forces, struct reports *reports)
{
	check_devices(holders, plan, forces, reports);
	check_trust(holders, plan, forces, reports);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bitops.h>
#include <linux/bsearch.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "holders.h"
#include "iommufd.h"

static int hold_compare(const void *a, const void *b)
{
	const struct hold *x = a;
	const struct hold *y = b;

	if (x->context != y->context)
		return x->context < y->context ? -1 : 1;
	if (x->holder->tgid != y->holder->tgid)
		return x->holder->tgid < y->holder->tgid ? -1 : 1;
	return x->holder->start < y->holder->start ? -1 : x->holder->start > y->holder->start;
}

static int device_compare(const void *a, const void *b)
{
	const struct hold *x = a;
	const struct hold *y = b;

	if (x->context != y->context)
		return x->context < y->context ? -1 : 1;
	return strcmp(x->holder->device, y->holder->device);
}

/* A context of the transfer by its ID. */
struct named {
	u64 id;
	unsigned int context;
};

static int named_compare(const void *a, const void *b)
{
	const struct named *x = a;
	const struct named *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static struct named *name_contexts(const struct contexts *contexts)
{
	struct named *named = kvmalloc_array(contexts->nr, sizeof(*named), GFP_KERNEL_ACCOUNT);
	unsigned int i;

	if (!named)
		return NULL;
	for (i = 0; i < contexts->nr; i++)
		named[i] = (struct named){ context_id(contexts->array[i]), i };
	sort(named, contexts->nr, sizeof(*named), named_compare, NULL);
	return named;
}

/* The holds on contexts that are named. There is room for one by each holder. */
static void pick_holds(struct holders *holders, const struct named *named, unsigned int nr)
{
	const struct snapshot *snapshot = &holders->snapshot;
	unsigned int i;

	for (i = 0; i < snapshot->nr; i++) {
		const struct holder *holder = &snapshot->holders[i];
		struct named key = { .id = holder->context ?: holder->maybe };
		const struct named *found;
		struct hold hold = { .holder = holder };

		found = bsearch(&key, named, nr, sizeof(*named), named_compare);
		if (!found)
			continue;
		hold.context = found->context;
		holders->holds[holders->nr++] = hold;
		if (holder->via == DMAOWN_VIA_DEVICE)
			holders->devices[holders->devices_nr++] = hold;
	}
	if (holders->nr)
		sort(holders->holds, holders->nr, sizeof(*holders->holds), hold_compare, NULL);
	if (holders->devices_nr)
		sort(holders->devices, holders->devices_nr, sizeof(*holders->devices),
		     device_compare, NULL);
}

int holders_find(struct holders *holders, const struct contexts *contexts)
{
	struct named *named;
	int ret;

	holders_free(holders);
	ret = snapshot_take(&holders->snapshot, 0);
	if (ret)
		return ret;
	holders->holds = kvmalloc_array(holders->snapshot.nr + 1, sizeof(*holders->holds),
					GFP_KERNEL_ACCOUNT);
	holders->devices = kvmalloc_array(holders->snapshot.nr + 1, sizeof(*holders->devices),
					  GFP_KERNEL_ACCOUNT);
	named = name_contexts(contexts);
	if (!holders->holds || !holders->devices || !named) {
		kvfree(named);
		holders_free(holders);
		return -ENOMEM;
	}
	pick_holds(holders, named, contexts->nr);
	kvfree(named);
	holders->known = true;
	return 0;
}

void holders_free(struct holders *holders)
{
	snapshot_free(&holders->snapshot);
	kvfree(holders->holds);
	kvfree(holders->devices);
	memset(holders, 0, sizeof(*holders));
}

static bool is_new_owner(const struct plan *plan, const struct holder *holder)
{
	return holder->tgid == plan->to->task->tgid &&
	       holder->start == plan->to->task->start_boottime;
}

/* One that has areas now and will have them no more: it is expected to go. */
static bool is_leaving(const struct plan *plan, const struct holder *holder)
{
	return !is_new_owner(plan, holder) && plan_takes_from(plan, holder->tgid, holder->start);
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

static struct dmaown_report report_on(const struct plan *plan, enum dmaown_reason reason,
				      const struct hold *hold)
{
	return (struct dmaown_report){
		.reason = reason,
		.context = context_id(plan->contexts[hold->context]),
		.process = pid_nr_ns(hold->holder->pid, task_active_pid_ns(current)),
	};
}

static void report_untrusted(const struct plan *plan, const struct hold *hold,
			     struct reports *reports)
{
	struct dmaown_report report = report_on(plan, DMAOWN_REASON_UNTRUSTED, hold);

	report.value = from_kuid_munged(current_user_ns(), hold->holder->uid);
	report_add(reports, &report);
}

static void report_reset(const struct plan *plan, const struct hold *hold, struct reports *reports)
{
	struct dmaown_report report = report_on(plan, DMAOWN_REASON_WOULD_RESET, hold);

	strscpy(report.device, hold->holder->device, sizeof(report.device));
	report_add(reports, &report);
}

/* Each process once for each context. */
static void check_trust(const struct holders *holders, const struct plan *plan,
			const struct forces *forces, struct reports *reports)
{
	unsigned int i;

	for (i = 0; i < holders->nr; i++) {
		const struct hold *hold = &holders->holds[i];
		const struct holder *holder = hold->holder;

		if (!test_bit(hold->context, plan->touched) ||
		    (i && !hold_compare(hold - 1, hold)))
			continue;
		if (!is_new_owner(plan, holder) && !is_leaving(plan, holder) &&
		    !is_trusted(plan, holder) &&
		    !forces_holder(forces, holder->tgid, holder->start))
			report_untrusted(plan, hold, reports);
	}
}

/* A device stays as it is as long as anyone has a file of it open. */
static void check_devices(const struct holders *holders, const struct plan *plan,
			  const struct forces *forces, struct reports *reports)
{
	unsigned int i, end;

	for (i = 0; i < holders->devices_nr; i = end) {
		const struct hold *device = &holders->devices[i];
		bool kept = !test_bit(device->context, plan->touched) ||
			    forces_reset(forces, device->holder->device);

		for (end = i; end < holders->devices_nr; end++) {
			if (device_compare(device, &holders->devices[end]))
				break;
			kept = kept || !is_leaving(plan, holders->devices[end].holder);
		}
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

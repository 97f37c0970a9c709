// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bitmap.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>

#include "trust.h"

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
static void trust_check_holder(const struct plan *plan, const struct holder *holder,
			       const struct forces *forces, struct reports *reports)
{
	enum dmaown_reason reason = holder->number == NUMBER_NONE ? DMAOWN_REASON_UNREAD :
								    DMAOWN_REASON_UNTRUSTED;
	struct dmaown_report report;

	if (holder_is_trusted(plan, holder) || holder_is_party(plan, holder) ||
	    dmaown_forces_process(forces, reason, holder->tgid, holder->start))
		return;
	report = dmaown_holder_report(holder, plan->contexts, reason);
	report.value = dmaown_holder_user(holder);
	dmaown_report_add(reports, &report);
}

/* Does the holder count for the contexts that the plan touches? */
static bool holder_counts(const struct plan *plan, const struct holder *holder)
{
	if (holder->number == NUMBER_NONE)
		return holder->incomplete && !bitmap_empty(plan->touched, plan->contexts_nr);
	return test_bit(holder->number, plan->touched);
}

/* Check each process once for each context. */
void dmaown_trust_check(const struct holders *holders, const struct plan *plan,
			const struct forces *forces, struct reports *reports)
{
	const struct snapshot *snapshot = &holders->snapshot;
	unsigned int i;

	for (i = 0; i < snapshot->nr; i++) {
		const struct holder *holder = &snapshot->holders[i];

		cond_resched();
		if (!holder_counts(plan, holder))
			continue;
		if (!i || !holder_counts(plan, holder - 1) ||
		    !holder_same_process(holder - 1, holder))
			trust_check_holder(plan, holder, forces, reports);
	}
}

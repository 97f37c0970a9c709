// SPDX-License-Identifier: GPL-2.0-only
/*
 * The transfer.
 *
 * An attempt locks all contexts and finds what to move. If everything that must be known is known,
 * it charges the new owner and changes the owners. If it does not know yet who holds the contexts,
 * or whether the memory is the same, and cannot find out at once, it drops the locks, inspects
 * memory and holders (see verify.h, adopt.h and holders.h), and locks again. Then only what has
 * changed meanwhile is inspected again. Errors are reported, and the rest is inspected all the
 * same. The attempt never waits for a lock (see iommufd/lock.c and type1/lock.c): if a lock is not
 * available or something is in flux, it drops everything, and the next attempt starts from the
 * beginning after a pause. Memory is allocated without the locks.
 *
 * Before transfer_commit() nothing has changed except charges, which are undone on failure. From
 * there on nothing fails.
 */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/user.h>
#include <linux/slab.h>

#include "adopt.h"
#include "charge.h"
#include "contexts.h"
#include "departure.h"
#include "event.h"
#include "holders.h"
#include "pause.h"
#include "plan.h"
#include "process.h"
#include "reason.h"
#include "record.h"
#include "stats.h"
#include "transfer.h"
#include "trust.h"
#include "verify.h"

struct transfer {
	struct dmaown_transfer *arg;
	struct dmaown_file *files;
	struct remaps *remaps;
	const struct forces *forces;
	struct reports *reports;
	struct dmaown_process to_name; /* with the start time, once the process has been found */
	ktime_t deadline;

	/* Kept from one attempt to the next. */
	struct plan plan;
	struct proofs proofs;

	/* Valid for one attempt. */
	struct process to;
	struct contexts contexts;
	struct reports known; /* the reports before the first pass */
	struct verified verified;
	struct holders holders;
	struct lockset *set;
	struct charges charges;
	struct dmaown_report obstacle; /* the reason for -EBUSY */
};

/* Passes of an attempt before it counts as one that found something in flux */
#define PASSES 8

/* Return value of a pass: memory and holders must be inspected, or have been inspected. */
#define LOOK 1

static int transfer_obstacle(struct transfer *t, enum dmaown_reason reason,
			     const struct lockset_place *place, unsigned long iova,
			     unsigned long last)
{
	t->obstacle = (struct dmaown_report){
		.reason = reason,
		.context = place ? dmaown_context_id(t->contexts.array[place->context]) : 0,
		.ioas = place ? place->ioas : 0,
		.iova = iova,
		.last = last,
	};
	return -EBUSY;
}

static int transfer_obstacle_process(struct transfer *t, enum dmaown_reason reason)
{
	t->obstacle = (struct dmaown_report){ .reason = reason, .process = t->arg->to.pid };
	return -EBUSY;
}

static void transfer_report_process(struct transfer *t, enum dmaown_reason reason, u32 pid)
{
	struct dmaown_report report = { .reason = reason, .process = pid };

	dmaown_report_add(t->reports, &report);
}

/* THE CHANGE */

static void transfer_commit(struct transfer *t)
{
	const struct plan *plan = &t->plan;
	const struct owner *to = plan->to;
	const struct takeover takeover = {
		.to = to,
		.privileged = plan->privileged,
		.by_address = !plan->detail,
		.takes = dmaown_plan_takes,
		.arg = plan,
	};
	size_t moved = 0;
	unsigned int i;

	dmaown_lockset_assert_held(t->set);
	if (!plan->counts.objects)
		return;
	/* Each pages object takes a reference on each part of the new owner. */
	refcount_add(plan->counts.objects, &to->task->usage);
	atomic_add(plan->counts.objects, &to->mm->mm_count);
	if (plan->counts.users)
		refcount_add(plan->counts.users, &to->user->__count);

	for (i = 0; i < plan->moves.nr; i++) {
		const struct move *move = &plan->moves.array[i];

		dmaown_pages_set_owner(plan->contexts[move->place.context], move->pages, to,
				       plan->privileged);
		dmaown_pages_set_addr(plan->contexts[move->place.context], move->pages,
				      move->new_addr);
		cond_resched();
	}
	if (plan->counts.bulk)
		moved = dmaown_lockset_move_owners(t->set, &takeover);
	WARN_ON_ONCE(moved != plan->counts.bulk);
	dmaown_charges_move_pins(plan);
}

/* Drop the references of the pages objects on the old owners. Each struct old_owner has its own. */
static void transfer_drop_references(const struct plan *plan)
{
	unsigned int i;

	for (i = 0; i < plan->old_owners_nr; i++) {
		const struct owner *owner = &plan->old_owners[i]->owner;
		size_t moves = plan->old_owners[i]->moves;

		WARN_ON_ONCE(refcount_sub_and_test(moves, &owner->task->usage));
		WARN_ON_ONCE(atomic_sub_and_test(moves, &owner->mm->mm_count));
		if (owner->user)
			WARN_ON_ONCE(refcount_sub_and_test(moves, &owner->user->__count));
		cond_resched();
	}
}

/* Set the caller, the new owner and FROM. */
static void transfer_event_begin(const struct transfer *t, struct event_record *event,
				 enum dmaown_event_type type)
{
	struct task_struct *to;

	record_set(event, event, event, type);
	record_set(event, event, caller, current->tgid);
	to = dmaown_process_find(&t->to_name);
	if (!IS_ERR(to)) {
		record_set(event, event, to, to->tgid);
		record_set(event, event, to_start, to->start_boottime);
		put_task_struct(to);
	}
	if (t->plan.from_tgid) {
		record_set(event, event, from, t->plan.from_tgid);
		record_set(event, event, from_start, t->plan.from_start);
	}
}

/* AN ATTEMPT */

/* The kinds of contexts to which the new owner's limit does not apply, a bit for each. */
static u32 transfer_unlimited_kinds(const struct plan *plan)
{
	unsigned int i;
	u32 kinds = 0;

	for (i = 0; i < plan->contexts_nr && plan->privileged; i++)
		if (dmaown_context_limit_by_privilege(plan->contexts[i]))
			kinds |= 1U << dmaown_context_kind(plan->contexts[i]);
	return kinds;
}

static void transfer_fill_results(struct transfer *t)
{
	const struct plan *plan = &t->plan;
	struct charges locked = dmaown_charges_locked(&t->charges, plan->to);
	struct dmaown_transfer *arg = t->arg;
	unsigned int i;

	arg->contexts = t->contexts.nr;
	arg->areas = plan->counts.areas;
	arg->areas_total = plan->counts.areas_total;
	arg->adopted = plan->counts.adopted;
	arg->pages_objects = plan->counts.objects;
	arg->pinned = 0;
	for (i = 0; i < plan->old_owners_nr; i++)
		arg->pinned += (u64)plan->old_owners[i]->npinned << PAGE_SHIFT;
	arg->charged_user = (u64)t->charges.user << PAGE_SHIFT;
	arg->charged_mm = (u64)(t->charges.mm + t->charges.mm_unlimited) << PAGE_SHIFT;
	arg->locked_user = (u64)locked.user << PAGE_SHIFT;
	arg->locked_mm = (u64)locked.mm << PAGE_SHIFT;
	arg->limit = task_rlimit(plan->to->task, RLIMIT_MEMLOCK);
	arg->unlimited = transfer_unlimited_kinds(plan);
}

static void transfer_clear_results(struct dmaown_transfer *arg)
{
	arg->contexts = 0;
	arg->areas = 0;
	arg->areas_total = 0;
	arg->adopted = 0;
	arg->pages_objects = 0;
	arg->pinned = 0;
	arg->charged_user = 0;
	arg->charged_mm = 0;
	arg->locked_user = 0;
	arg->locked_mm = 0;
	arg->limit = 0;
	arg->unlimited = 0;
}

static bool transfer_memory_is_known(struct transfer *t)
{
	if (!t->plan.detail)
		return !t->plan.vague && dmaown_glance_end(&t->plan.glance, t->plan.to->mm);
	return dmaown_verified_covers(&t->verified, &t->plan) &&
	       dmaown_proofs_cover(&t->proofs, &t->plan);
}

/* Is everything known that the decision needs? */
static bool transfer_informed(struct transfer *t)
{
	return !t->plan.counts.areas || (t->holders.found && transfer_memory_is_known(t));
}

/* Report the reasons for which the new owner could not keep what the plan moves to it. */
static void transfer_check_holders(struct transfer *t)
{
	const struct plan *plan = &t->plan;
	const struct departure departure = {
		.holders = &t->holders,
		.contexts = plan->contexts,
		.contexts_nr = plan->contexts_nr,
		.touched = plan->touched,
		.leaving = &plan->taken_from,
		.forces = t->forces,
	};

	dmaown_departure_check(&departure, t->reports);
	dmaown_trust_check(&t->holders, plan, t->forces, t->reports);
}

/* Complete the reports. Return: 0 if there are none, or their errno. */
static int transfer_judge(struct transfer *t)
{
	if (t->holders.found)
		transfer_check_holders(t);
	dmaown_charges_check(&t->charges, t->plan.to, t->reports);
	return dmaown_reports_error(t->reports);
}

/* The part of a pass that runs under the locks. */
static int transfer_decide(struct transfer *t)
{
	struct plan *plan = &t->plan;
	int ret;

	dmaown_lockset_assert_held(t->set);
	lockdep_assert_held_read(&plan->to->task->signal->exec_update_lock);
	ret = dmaown_plan_collect(plan, t->set);
	if (ret == -EBUSY)
		return transfer_obstacle(t, DMAOWN_REASON_FLUX, &plan->flux, plan->flux_iova,
					 plan->flux_last);
	if (ret)
		return ret;
	t->charges = dmaown_charges_sum(plan);
	transfer_fill_results(t);
	if (plan->from_tgid && !plan->counts.areas_from) {
		transfer_report_process(t, DMAOWN_REASON_NOTHING, t->arg->from.pid);
		return -ENOENT;
	}
	dmaown_remaps_end(plan->remaps, t->reports);
	if (!transfer_informed(t))
		return LOOK;
	ret = transfer_judge(t);
	if (ret || (t->arg->flags & DMAOWN_TRANSFER_DRY_RUN))
		return ret;

	ret = dmaown_charges_take(&t->charges, plan->to, t->reports);
	if (ret == -EBUSY)
		return transfer_obstacle_process(t, DMAOWN_REASON_LOCKED);
	if (ret)
		return ret;
	transfer_commit(t);
	transfer_drop_references(plan);
	return 0;
}

static int transfer_lock_and_decide(struct transfer *t)
{
	struct lockset_place place = {};
	int ret;

	ret = dmaown_lockset_lock(t->set, &place);
	if (ret == -EBUSY)
		return transfer_obstacle(t, DMAOWN_REASON_LOCKED, &place, 0, 0);
	if (ret)
		return ret;
	if (dmaown_process_hold(&t->to)) {
		ret = transfer_decide(t);
		dmaown_process_release(&t->to);
	} else {
		ret = transfer_obstacle_process(t, DMAOWN_REASON_EXEC);
	}
	dmaown_lockset_unlock(t->set);
	return ret;
}

static void transfer_notify_progress(u64 done, u64 total, void *arg)
{
	const struct transfer *t = arg;
	struct event_record event = {};

	if (t->arg->flags & DMAOWN_TRANSFER_DRY_RUN)
		return;
	transfer_event_begin(t, &event, DMAOWN_EVENT_PROGRESS);
	record_set(&event, event, done, done);
	record_set(&event, event, total, total);
	dmaown_event_send(&event);
}

static int transfer_refresh_holders(struct transfer *t)
{
	struct lockset_place place;
	int ret = dmaown_holders_refresh(&t->holders, &t->contexts, t->to.owner.task, &place);

	return ret == -EBUSY ? transfer_obstacle(t, DMAOWN_REASON_LOCKED, &place, 0, 0) : ret;
}

/*
 * A plan without detail was not enough. Make the next one in detail, also in later attempts, unless
 * only the holders were unknown. Return: LOOK for another pass, or an error.
 */
static int transfer_ask_for_detail(struct transfer *t)
{
	t->plan.detail = t->holders.found || t->plan.vague;
	return transfer_refresh_holders(t) ?: LOOK;
}

/*
 * Inspect the memory behind the areas that were found under the locks, beginning with what may take
 * long. Then look up the holders, unless they are known and recent. Return: LOOK if the memory is
 * the same; or an error.
 */
static int transfer_look(struct transfer *t)
{
	const struct progress progress = { .notify = transfer_notify_progress, .arg = t };
	int ret;

	ret = dmaown_adopt_compare(&t->proofs, &t->plan, t->reports, &progress);
	if (!ret)
		ret = dmaown_verify(&t->verified, &t->plan, t->reports);
	if (ret == -EBUSY)
		return transfer_obstacle_process(t, DMAOWN_REASON_LOCKED);
	ret = ret ?: transfer_refresh_holders(t);
	if (ret)
		return ret;
	return t->reports->total ? transfer_judge(t) : LOOK;
}

/*
 * Often only the holders are unknown, so look them up before the first look at the areas; but not
 * if the last attempt failed on a lock, since this one may, too. They are looked up again if making
 * room has taken long.
 */
static int transfer_prepare(struct transfer *t)
{
	int ret = dmaown_plan_make_room(&t->plan);

	if (!ret && (t->holders.found || !t->arg->retries))
		ret = transfer_refresh_holders(t);
	return ret;
}

/*
 * One pass. Return: LOOK for another pass with everything known; 0 or an error, which is final
 * except -EBUSY, -EAGAIN and -ENOSPC.
 */
static int transfer_pass(struct transfer *t)
{
	int ret;

	dmaown_reports_rewind(t->reports, &t->known);
	dmaown_remaps_rewind(t->remaps);
	ret = transfer_prepare(t);
	if (ret)
		return ret;
	ret = transfer_lock_and_decide(t);
	if (ret == LOOK)
		ret = t->plan.detail ? transfer_look(t) : transfer_ask_for_detail(t);
	else if (!ret && !(t->arg->flags & DMAOWN_TRANSFER_DRY_RUN))
		dmaown_charges_settle(&t->plan);
	dmaown_plan_forget(&t->plan);
	return ret;
}

static int transfer_passes(struct transfer *t)
{
	unsigned int passes = 0;
	int ret;

	while (passes < PASSES) {
		ret = transfer_pass(t);
		if (ret != -EAGAIN && ret != -ENOSPC && ret != LOOK)
			return ret;
		/* A pass that was short of room has more in the next one, until it is enough. */
		passes += ret != -ENOSPC;
		if (signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return transfer_obstacle_process(t, DMAOWN_REASON_CHANGING);
}

static int transfer_attempt_in_contexts(struct transfer *t)
{
	int ret;

	ret = dmaown_contexts_get(&t->contexts, &t->to, t->files, t->arg->nr_files, t->forces,
				  t->reports);
	if (ret == -EBUSY)
		ret = transfer_obstacle_process(t, DMAOWN_REASON_LOCKED);
	if (!ret && !t->contexts.nr)
		ret = dmaown_reports_error(t->reports);
	if (ret)
		goto out_contexts;
	dmaown_remaps_begin(t->remaps,
			    t->contexts.nr == 1 ? dmaown_context_id(t->contexts.array[0]) : 0,
			    t->reports);
	t->known = *t->reports;

	t->set = dmaown_lockset_alloc(t->contexts.array, t->contexts.nr);
	if (IS_ERR(t->set)) {
		ret = PTR_ERR(t->set);
		goto out_contexts;
	}
	ret = dmaown_plan_begin(&t->plan, t->contexts.array, t->contexts.nr);
	if (ret)
		goto out_set;
	ret = transfer_passes(t);
	dmaown_verified_forget(&t->verified);
	dmaown_holders_free(&t->holders);
	dmaown_plan_end(&t->plan);
out_set:
	dmaown_lockset_free(t->set);
out_contexts:
	dmaown_contexts_put(&t->contexts);
	return ret;
}

static int transfer_attempt(struct transfer *t)
{
	int ret;

	dmaown_reports_clear(t->reports);
	t->known = *t->reports;
	transfer_clear_results(t->arg);
	ret = dmaown_process_get(&t->to_name, &t->to);
	if (ret) {
		transfer_report_process(t, DMAOWN_REASON_NO_PROCESS, t->arg->to.pid);
		return ret;
	}
	/* Another process that gets the same PID later is not the one that was meant. */
	t->to_name.start = t->to.owner.task->start_boottime;
	ret = transfer_attempt_in_contexts(t);
	dmaown_process_put(&t->to);
	return ret;
}

/* ATTEMPT AFTER ATTEMPT */

static int transfer_attempts(struct transfer *t)
{
	u64 wait_ns = PAUSE_MIN_NS;
	u32 retries = 0;
	int ret;

	while ((ret = transfer_attempt(t)) == -EBUSY) {
		t->arg->retries = ++retries;
		/* Comparing pages does not count as waiting. */
		ret = dmaown_pause(ktime_add(t->deadline, t->proofs.worked), &wait_ns);
		if (ret == -EBUSY) {
			dmaown_reports_rewind(t->reports, &t->known);
			dmaown_report_add(t->reports, &t->obstacle);
			ret = dmaown_reports_error(t->reports);
		}
		if (ret)
			return ret;
	}
	return ret;
}

/* A dead process is named by PID in the initial namespace and start time. */
static int transfer_resolve_from(struct transfer *t)
{
	const struct dmaown_process *from = &t->arg->from;
	struct task_struct *task;

	if (!from->pid)
		return 0;
	task = dmaown_process_find(from);
	if (!IS_ERR(task)) {
		t->plan.from_tgid = task->tgid;
		t->plan.from_start = task->start_boottime;
		put_task_struct(task);
		return 0;
	}
	if ((from->flags & DMAOWN_PROCESS_INITIAL) && from->start) {
		t->plan.from_tgid = from->pid;
		t->plan.from_start = from->start;
		return 0;
	}
	transfer_report_process(t, DMAOWN_REASON_NO_PROCESS, from->pid);
	return -ESRCH;
}

/* Resolve the holders of the files once: later PIDs may mean other processes. */
static int transfer_resolve_files(struct transfer *t)
{
	struct task_struct *task;
	u32 i;

	for (i = 0; i < t->arg->nr_files; i++) {
		struct dmaown_process *holder = &t->files[i].holder;
		struct dmaown_report report = {
			.reason = DMAOWN_REASON_NO_CONTEXT,
			.context = t->files[i].context,
			.value = i,
		};

		if (!holder->pid)
			continue;
		task = dmaown_process_find(holder);
		if (IS_ERR(task)) {
			dmaown_report_add(t->reports, &report);
			continue;
		}
		holder->start = task->start_boottime;
		put_task_struct(task);
	}
	return dmaown_reports_error(t->reports);
}

/* COUNTERS AND EVENTS */

static void transfer_count(const struct transfer *t, int ret)
{
	const struct dmaown_transfer *arg = t->arg;

	dmaown_stats_retries(arg->retries);
	if (arg->flags & DMAOWN_TRANSFER_DRY_RUN)
		return;
	if (ret)
		dmaown_refusal_count(t->reports->total ? t->reports->first_reason : 0);
	else if (arg->areas)
		dmaown_stats_transfer(arg->areas, arg->pinned);
}

static void transfer_notify(const struct transfer *t, int ret)
{
	const struct dmaown_transfer *arg = t->arg;
	struct event_record event = {};

	if (arg->flags & DMAOWN_TRANSFER_DRY_RUN)
		return;
	transfer_event_begin(t, &event, ret ? DMAOWN_EVENT_REFUSAL : DMAOWN_EVENT_TRANSFER);
	if (arg->contexts)
		record_set(&event, event, contexts, arg->contexts);
	if (ret) {
		record_set(&event, event, error, -ret);
		if (t->reports->total)
			record_set_string(&event, event, reason,
					  dmaown_reason_name(t->reports->first_reason));
	} else {
		record_set(&event, event, areas, arg->areas);
		record_set(&event, event, pinned, arg->pinned);
		record_set(&event, event, adopted, arg->adopted);
	}
	dmaown_event_send(&event);
}

static int transfer_run(struct transfer *t)
{
	int ret;

	dmaown_plan_init(&t->plan);
	t->plan.reports = t->reports;
	t->plan.remaps = t->remaps;
	t->plan.to = &t->to.owner;
	t->plan.adopt = t->arg->flags & DMAOWN_TRANSFER_ADOPT;
	t->plan.taken_back = dmaown_forces_any(t->forces, DMAOWN_REASON_TAKEN_BACK);
	t->plan.detail = t->remaps->nr;
	dmaown_proofs_init(&t->proofs);
	ret = transfer_resolve_from(t) ?: transfer_resolve_files(t) ?: transfer_attempts(t);
	/* The reports do not explain this error: drop them. */
	if (ret && ret != dmaown_reports_error(t->reports)) {
		dmaown_reports_clear(t->reports);
		if (ret == -ENOMEM)
			transfer_report_process(t, DMAOWN_REASON_NO_MEMORY, 0);
	}
	transfer_count(t, ret);
	transfer_notify(t, ret);
	dmaown_verified_free(&t->verified);
	dmaown_proofs_free(&t->proofs);
	dmaown_plan_free(&t->plan);
	return ret;
}

int dmaown_transfer_run(struct dmaown_transfer *arg, struct dmaown_file *files,
			struct remaps *remaps, const struct forces *forces, struct reports *reports)
{
	struct transfer *t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!t)
		return -ENOMEM;
	t->arg = arg;
	t->files = files;
	t->remaps = remaps;
	t->forces = forces;
	t->reports = reports;
	t->to_name = arg->to;
	t->deadline = ktime_add_ms(ktime_get(), arg->timeout_ms);
	ret = transfer_run(t);
	kfree(t);
	return ret;
}

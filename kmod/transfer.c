// SPDX-License-Identifier: GPL-2.0-only
/*
 * The transfer.
 *
 * An attempt locks all contexts, sees what is to be moved, and if everything is known that must be
 * known, charges the new owner and changes the owners. If it is not known yet whether the memory is
 * the same, and cannot be seen at once, or who holds the contexts, it gives back the locks, looks
 * (see verify.h, adopt.h and holders.h), and locks again; only what is still as it was then needs
 * no second look. Whatever is wrong is reported, and the rest is looked at all the same. It never
 * waits for a lock (iommufd/lock.c and type1/lock.c say why): where one is not to be had, or
 * something is in flux, it gives back everything, and the next attempt begins anew after a while.
 * Memory is allocated with the locks given back.
 *
 * Up to commit() nothing has changed, but for charges, which are taken back. From there on nothing
 * fails.
 */
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/user.h>
#include <linux/slab.h>

#include "adopt.h"
#include "charge.h"
#include "contexts.h"
#include "event.h"
#include "holders.h"
#include "plan.h"
#include "process.h"
#include "record.h"
#include "transfer.h"
#include "verify.h"

/* Between two attempts: from 50 µs on, doubled each time, up to 5 ms; each give or take a half. */
#define WAIT_MIN_NS	(50 * NSEC_PER_USEC)
#define WAIT_MAX_NS	(5 * NSEC_PER_MSEC)

static struct {
	atomic64_t transfers;
	atomic64_t retries;
	atomic64_t areas;
	atomic64_t pinned;
} counters;

struct transfer {
	struct dmaown_transfer *arg;
	struct dmaown_file *files;
	struct remaps *remaps;
	const struct forces *forces;
	struct reports *reports;
	struct dmaown_process to_name;	/* with its start time, once it has been seen */
	ktime_t deadline;

	/* Kept from one attempt to the next. */
	struct plan plan;
	struct proofs proofs;

	/* Of the attempt. */
	struct process to;
	struct contexts contexts;
	struct reports known;		/* what was reported before the first pass */
	struct verified verified;
	struct holders holders;
	struct lockset *set;
	struct charges charges;
	struct dmaown_report obstacle;	/* what made it fail with -EBUSY */
};

/* How often an attempt looks again before it counts as one that met something in flux. */
#define PASSES		8

/* What a pass returns besides errors: memory and holders have to be looked at, or have been. */
#define LOOK	1

static int obstacle(struct transfer *t, enum dmaown_reason reason,
		    const struct lockset_place *place, unsigned long iova, unsigned long last)
{
	t->obstacle = (struct dmaown_report){
		.reason = reason,
		.context = place ? context_id(t->contexts.array[place->context]) : 0,
		.ioas = place ? place->ioas : 0,
		.iova = iova,
		.last = last,
	};
	return -EBUSY;
}

static int obstacle_process(struct transfer *t, enum dmaown_reason reason)
{
	t->obstacle = (struct dmaown_report){ .reason = reason, .process = t->arg->to.pid };
	return -EBUSY;
}

static void report_process(struct transfer *t, enum dmaown_reason reason, u32 pid)
{
	struct dmaown_report report = { .reason = reason, .process = pid };

	report_add(t->reports, &report);
}

/* THE CHANGE */

static void commit(struct transfer *t)
{
	const struct plan *plan = &t->plan;
	const struct owner *to = plan->to;
	const struct giving giving = {
		.to = to,
		.privileged = plan->privileged,
		.by_address = !plan->detail,
		.gives = plan_takes,
		.arg = plan,
	};
	size_t given = 0;
	unsigned int i;

	if (!plan->objects)
		return;
	/* A reference on each part of the new owner for each pages object. */
	refcount_add(plan->objects, &to->task->usage);
	atomic_add(plan->objects, &to->mm->mm_count);
	if (plan->users)
		refcount_add(plan->users, &to->user->__count);

	for (i = 0; i < plan->moves.nr; i++) {
		const struct move *move = &plan->moves.array[i];

		pages_set_owner(plan->contexts[move->place.context], move->pages, to,
				plan->privileged);
		pages_set_addr(plan->contexts[move->place.context], move->pages, move->new_addr);
	}
	if (plan->given)
		given = lockset_give(t->set, &giving);
	WARN_ON_ONCE(given != plan->given);
	charges_move_pins(plan);
}

/* Drops the references that the pages objects had on the old owners; each source has its own. */
static void drop_references(const struct plan *plan)
{
	unsigned int i;

	for (i = 0; i < plan->sources_nr; i++) {
		const struct source *source = plan->sources[i];

		WARN_ON_ONCE(refcount_sub_and_test(source->moves, &source->owner.task->usage));
		WARN_ON_ONCE(atomic_sub_and_test(source->moves, &source->owner.mm->mm_count));
		if (source->owner.user)
			WARN_ON_ONCE(refcount_sub_and_test(source->moves,
							   &source->owner.user->__count));
	}
}

/* Who does what to whom. */
static void event_begin(const struct transfer *t, struct record_event *event,
			enum dmaown_event_type type)
{
	struct task_struct *to;

	record_set(event, event, event, type);
	record_set(event, event, caller, current->tgid);
	to = process_find(&t->to_name);
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

static void fill_results(struct transfer *t)
{
	const struct plan *plan = &t->plan;
	struct charges locked = charges_locked(&t->charges, plan->to);
	struct dmaown_transfer *arg = t->arg;
	unsigned int i;

	arg->contexts = t->contexts.nr;
	arg->areas = plan->areas;
	arg->areas_total = plan->areas_total;
	arg->adopted = plan->adopted;
	arg->pages_objects = plan->objects;
	arg->pinned = 0;
	for (i = 0; i < plan->sources_nr; i++)
		arg->pinned += (u64)plan->sources[i]->npinned << PAGE_SHIFT;
	arg->charged_user = (u64)t->charges.user << PAGE_SHIFT;
	arg->charged_mm = (u64)(t->charges.mm + t->charges.mm_unlimited) << PAGE_SHIFT;
	arg->locked_user = (u64)locked.user << PAGE_SHIFT;
	arg->locked_mm = (u64)locked.mm << PAGE_SHIFT;
	arg->limit = task_rlimit(plan->to->task, RLIMIT_MEMLOCK);
}

static void clear_results(struct dmaown_transfer *arg)
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
}

static bool memory_is_known(struct transfer *t)
{
	if (!t->plan.detail)
		return verify_at_once(&t->plan);
	return verified_covers(&t->verified, &t->plan) && proofs_cover(&t->proofs, &t->plan);
}

/* Whether everything is known that a decision needs. */
static bool informed(struct transfer *t)
{
	return !t->plan.areas || (t->holders.found && memory_is_known(t));
}

/* Completes what is reported, and says what it comes to; 0: there is nothing against it. */
static int judge(struct transfer *t)
{
	if (t->holders.found)
		holders_check(&t->holders, &t->plan, t->forces, t->reports);
	charges_check(&t->charges, t->plan.to, t->reports);
	return reports_error(t->reports);
}

/* Everything that is done under the locks. */
static int decide(struct transfer *t)
{
	struct plan *plan = &t->plan;
	int ret;

	ret = plan_collect(plan, t->set);
	if (ret == -EBUSY)
		return obstacle(t, DMAOWN_REASON_FLUX, &plan->flux, plan->flux_iova,
				plan->flux_last);
	if (ret)
		return ret;
	t->charges = charges_sum(plan);
	fill_results(t);
	if (plan->from_tgid && !plan->areas_from) {
		report_process(t, DMAOWN_REASON_NOTHING, t->arg->from.pid);
		return -ENOENT;
	}
	remaps_end(plan->remaps, t->reports);
	if (!informed(t))
		return LOOK;
	ret = judge(t);
	if (ret || (t->arg->flags & DMAOWN_TRANSFER_DRY_RUN))
		return ret;

	ret = charges_take(&t->charges, plan->to, t->reports);
	if (ret == -EBUSY)
		return obstacle_process(t, DMAOWN_REASON_LOCKED);
	if (ret)
		return ret;
	commit(t);
	drop_references(plan);
	return 0;
}

static int lock_and_decide(struct transfer *t)
{
	struct lockset_place place = {};
	int ret;

	ret = lockset_lock(t->set, &place);
	if (ret == -EBUSY)
		return obstacle(t, DMAOWN_REASON_LOCKED, &place, 0, 0);
	if (ret)
		return ret;
	if (process_hold(&t->to)) {
		ret = decide(t);
		process_release(&t->to);
	} else {
		ret = obstacle_process(t, DMAOWN_REASON_EXEC);
	}
	lockset_unlock(t->set);
	return ret;
}

static void tell_progress(u64 done, u64 total, void *arg)
{
	const struct transfer *t = arg;
	struct record_event event = {};

	if (t->arg->flags & DMAOWN_TRANSFER_DRY_RUN)
		return;
	event_begin(t, &event, DMAOWN_EVENT_PROGRESS);
	record_set(&event, event, done, done);
	record_set(&event, event, total, total);
	event_send(&event);
}

/*
 * A plan without detail did not tell enough. The next one is made in detail, and so are those of
 * later attempts, unless all that was not known is who holds the contexts. LOOK: next time.
 */
static int ask_for_detail(struct transfer *t)
{
	t->plan.detail = t->holders.found || t->plan.vague;
	return holders_refresh(&t->holders, &t->contexts) ?: LOOK;
}

/*
 * Looks at the memory behind what was seen under the locks, at what may take long first; and at who
 * holds the contexts, unless that is known and new. LOOK: the memory is the same.
 */
static int look(struct transfer *t)
{
	const struct progress progress = { .tell = tell_progress, .arg = t };
	int ret;

	ret = adopt_compare(&t->proofs, &t->plan, t->reports, &progress) ?:
	      verify(&t->verified, &t->plan, t->reports) ?:
	      holders_refresh(&t->holders, &t->contexts);
	if (ret == -EBUSY)
		return obstacle_process(t, DMAOWN_REASON_LOCKED);
	if (ret)
		return ret;
	return t->reports->total ? judge(t) : LOOK;
}

/*
 * Who holds the contexts is often all that has to be known, so it pays to know it before the first
 * look at the areas; but not where the last attempt has met a lock, as this one may. What was found
 * is looked for again if making room has taken long.
 */
static int prepare(struct transfer *t)
{
	int ret = plan_make_room(&t->plan);

	if (!ret && (t->holders.found || !t->arg->retries))
		ret = holders_refresh(&t->holders, &t->contexts);
	return ret;
}

/*
 * One pass: 0 and errors are final, but for -EBUSY; LOOK: once more, now that everything is known.
 */
static int pass(struct transfer *t)
{
	int ret;

	reports_rewind(t->reports, &t->known);
	remaps_rewind(t->remaps);
	ret = prepare(t);
	if (ret)
		return ret;
	ret = lock_and_decide(t);
	if (ret == LOOK)
		ret = t->plan.detail ? look(t) : ask_for_detail(t);
	else if (!ret && !(t->arg->flags & DMAOWN_TRANSFER_DRY_RUN))
		charges_settle(&t->plan);
	plan_forget(&t->plan);
	return ret;
}

static int passes(struct transfer *t)
{
	unsigned int passes = 0;
	int ret;

	while (passes < PASSES) {
		ret = pass(t);
		if (ret != -EAGAIN && ret != -ENOSPC && ret != LOOK)
			return ret;
		/* What was short of room has more of it the next time, until it is enough. */
		passes += ret != -ENOSPC;
		if (signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return obstacle_process(t, DMAOWN_REASON_CHANGING);
}

static int attempt_in_contexts(struct transfer *t)
{
	int ret;

	ret = contexts_get(&t->contexts, &t->to, t->files, t->arg->nr_files, t->reports);
	if (ret == -EBUSY)
		ret = obstacle_process(t, DMAOWN_REASON_LOCKED);
	if (!ret && !t->contexts.nr)
		ret = reports_error(t->reports);
	if (ret)
		goto out_contexts;
	remaps_begin(t->remaps, t->contexts.nr == 1 ? context_id(t->contexts.array[0]) : 0,
		     t->reports);
	t->known = *t->reports;

	t->set = lockset_alloc(t->contexts.array, t->contexts.nr);
	if (IS_ERR(t->set)) {
		ret = PTR_ERR(t->set);
		goto out_contexts;
	}
	ret = plan_begin(&t->plan, t->contexts.array, t->contexts.nr);
	if (ret)
		goto out_set;
	ret = passes(t);
	verified_forget(&t->verified);
	holders_free(&t->holders);
	plan_end(&t->plan);
out_set:
	lockset_free(t->set);
out_contexts:
	contexts_put(&t->contexts);
	return ret;
}

static int attempt(struct transfer *t)
{
	int ret;

	reports_clear(t->reports);
	t->known = *t->reports;
	clear_results(t->arg);
	ret = process_get(&t->to_name, &t->to);
	if (ret) {
		report_process(t, DMAOWN_REASON_NO_PROCESS, t->arg->to.pid);
		return ret;
	}
	/* Whoever has the number later is not who was meant. */
	t->to_name.start = t->to.owner.task->start_boottime;
	ret = attempt_in_contexts(t);
	process_put(&t->to);
	return ret;
}

/* ATTEMPT AFTER ATTEMPT */

/* Sleeps for a while that grows. -EBUSY: the time is over; -EINTR: a signal came. */
static int wait_a_while(struct transfer *t, u64 *wait_ns)
{
	/* Two transfers that are in each other's way must not come back at the same time again. */
	u64 ns = *wait_ns / 2 + get_random_u32_below(*wait_ns);
	ktime_t until = ktime_add_ns(ktime_get(), ns);
	/* Comparing pages is no waiting. */
	ktime_t deadline = ktime_add(t->deadline, t->proofs.worked);

	if (ktime_compare(ktime_get(), deadline) >= 0)
		return -EBUSY;
	if (ktime_compare(until, deadline) > 0)
		until = deadline;
	*wait_ns = min_t(u64, *wait_ns * 2, WAIT_MAX_NS);

	set_current_state(TASK_INTERRUPTIBLE);
	if (!signal_pending(current))
		schedule_hrtimeout(&until, HRTIMER_MODE_ABS);
	__set_current_state(TASK_RUNNING);
	return signal_pending(current) ? -EINTR : 0;
}

static int attempts(struct transfer *t)
{
	u64 wait_ns = WAIT_MIN_NS;
	u32 retries = 0;
	int ret;

	while ((ret = attempt(t)) == -EBUSY) {
		t->arg->retries = ++retries;
		ret = wait_a_while(t, &wait_ns);
		if (ret == -EBUSY) {
			reports_rewind(t->reports, &t->known);
			report_add(t->reports, &t->obstacle);
			ret = reports_error(t->reports);
		}
		if (ret)
			return ret;
	}
	return ret;
}

/* A dead process is named by both numbers, in the initial namespace. */
static int resolve_from(struct transfer *t)
{
	const struct dmaown_process *from = &t->arg->from;
	struct task_struct *task;

	if (!from->pid)
		return 0;
	task = process_find(from);
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
	report_process(t, DMAOWN_REASON_NO_PROCESS, from->pid);
	return -ESRCH;
}

/* Holders of contexts are who they are now, too, however long it takes. */
static int resolve_files(struct transfer *t)
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
		task = process_find(holder);
		if (IS_ERR(task)) {
			report_add(t->reports, &report);
			continue;
		}
		holder->start = task->start_boottime;
		put_task_struct(task);
	}
	return reports_error(t->reports);
}

/* WHAT OTHERS LEARN OF IT */

static void count(const struct transfer *t, int ret)
{
	const struct dmaown_transfer *arg = t->arg;

	atomic64_add(arg->retries, &counters.retries);
	if (arg->flags & DMAOWN_TRANSFER_DRY_RUN)
		return;
	if (ret) {
		refusal_count(t->reports);
	} else if (arg->areas) {
		atomic64_inc(&counters.transfers);
		atomic64_add(arg->areas, &counters.areas);
		atomic64_add(arg->pinned, &counters.pinned);
	}
}

static void tell(const struct transfer *t, int ret)
{
	const struct dmaown_transfer *arg = t->arg;
	struct record_event event = {};

	if (arg->flags & DMAOWN_TRANSFER_DRY_RUN)
		return;
	event_begin(t, &event, ret ? DMAOWN_EVENT_REFUSAL : DMAOWN_EVENT_TRANSFER);
	if (arg->contexts)
		record_set(&event, event, contexts, arg->contexts);
	if (ret) {
		record_set(&event, event, error, -ret);
		if (t->reports->total)
			record_set_string(&event, event, reason,
					  reason_name(t->reports->first_reason));
	} else {
		record_set(&event, event, areas, arg->areas);
		record_set(&event, event, pinned, arg->pinned);
		record_set(&event, event, adopted, arg->adopted);
	}
	event_send(&event);
}

static int transfer_as(struct transfer *t)
{
	int ret;

	plan_init(&t->plan);
	t->plan.reports = t->reports;
	t->plan.remaps = t->remaps;
	t->plan.to = &t->to.owner;
	t->plan.adopt = t->arg->flags & DMAOWN_TRANSFER_ADOPT;
	t->plan.detail = t->remaps->nr;
	proofs_init(&t->proofs);
	ret = resolve_from(t) ?: resolve_files(t) ?: attempts(t);
	/* What has nothing to do with what was found so far. */
	if (ret && ret != reports_error(t->reports)) {
		reports_clear(t->reports);
		if (ret == -ENOMEM)
			report_process(t, DMAOWN_REASON_NO_MEMORY, 0);
	}
	count(t, ret);
	tell(t, ret);
	verified_free(&t->verified);
	proofs_free(&t->proofs);
	plan_free(&t->plan);
	return ret;
}

int transfer(struct dmaown_transfer *arg, struct dmaown_file *files, struct remaps *remaps,
	     const struct forces *forces, struct reports *reports)
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
	ret = transfer_as(t);
	kfree(t);
	return ret;
}

void transfer_status(struct record_status *rec)
{
	record_set(rec, status, transfers, atomic64_read(&counters.transfers));
	record_set(rec, status, refusals, refusals_total());
	record_set(rec, status, retries, atomic64_read(&counters.retries));
	record_set(rec, status, areas, atomic64_read(&counters.areas));
	record_set(rec, status, pinned, atomic64_read(&counters.pinned));
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "charge.h"
#include "memory.h"
#include "retry.h"

/*
 * The mmap_locks of old owners are waited for SETTLE_WAIT milliseconds in all. Then workers take
 * over, which try ten times a second.
 */
#define SETTLE_WAIT 10
#define LATER	    (HZ / 10)

static struct workqueue_struct *workqueue;

static bool charge_same_payer(const struct plan *plan, const struct old_owner *old_owner)
{
	if (old_owner->mode == DMAOWN_MODE_USER)
		return old_owner->owner.user == plan->to->user;
	return old_owner->owner.mm == plan->to->mm;
}

/*
 * The number of pinned pages and the number charged for them differ only if an uncharge has failed
 * after the death of the owner (kernel: pages.c, update_mm_locked_vm()). If the payer stays the
 * same, it pays or gets back only the difference.
 */
static size_t charge_due(const struct plan *plan, const struct old_owner *old_owner)
{
	if (!charge_same_payer(plan, old_owner))
		return old_owner->npinned;
	if (old_owner->npinned <= old_owner->charged)
		return 0;
	return old_owner->npinned - old_owner->charged;
}

static size_t charge_refund(const struct plan *plan, const struct old_owner *old_owner)
{
	if (!charge_same_payer(plan, old_owner))
		return old_owner->charged;
	if (old_owner->charged <= old_owner->npinned)
		return 0;
	return old_owner->charged - old_owner->npinned;
}

struct charges dmaown_charges_sum(const struct plan *plan)
{
	struct charges charges = {};
	unsigned int i;

	for (i = 0; i < plan->old_owners_nr; i++) {
		const struct old_owner *old_owner = plan->old_owners[i];

		if (old_owner->mode == DMAOWN_MODE_USER)
			charges.user += charge_due(plan, old_owner);
		else if (old_owner->mode == DMAOWN_MODE_MM && old_owner->limit_by_privilege &&
			 plan->privileged)
			charges.mm_unlimited += charge_due(plan, old_owner);
		else if (old_owner->mode == DMAOWN_MODE_MM)
			charges.mm += charge_due(plan, old_owner);
		cond_resched();
	}
	return charges;
}

struct charges dmaown_charges_locked(const struct charges *charges, const struct owner *to)
{
	return (struct charges){
		.user = atomic_long_read(&to->user->locked_vm) + charges->user,
		.mm = READ_ONCE(to->mm->locked_vm) + charges->mm + charges->mm_unlimited,
	};
}

static unsigned long charge_limit_pages(const struct owner *to)
{
	return task_rlimit(to->task, RLIMIT_MEMLOCK) >> PAGE_SHIFT;
}

static void charge_report_limit(struct reports *reports, enum dmaown_reason reason,
				const struct owner *to, size_t npages)
{
	struct dmaown_report report = {
		.reason = reason,
		.process = dmaown_process_pid(to->task, task_active_pid_ns(current)),
		.value = (u64)npages << PAGE_SHIFT,
		.limit = task_rlimit(to->task, RLIMIT_MEMLOCK),
	};

	dmaown_report_add(reports, &report);
}

void dmaown_charges_check(const struct charges *charges, const struct owner *to,
			  struct reports *reports)
{
	struct charges locked = dmaown_charges_locked(charges, to);

	if (charges->user && locked.user > charge_limit_pages(to))
		charge_report_limit(reports, DMAOWN_REASON_LIMIT_USER, to, locked.user);
	locked.mm -= charges->mm_unlimited;
	if (charges->mm && locked.mm > charge_limit_pages(to))
		charge_report_limit(reports, DMAOWN_REASON_LIMIT_MM, to, locked.mm);
}

/* Charge as the kernel's pages.c does when it pins in mode user. */
static int charge_user(size_t npages, const struct owner *to, struct reports *reports)
{
	long locked = atomic_long_read(&to->user->locked_vm);

	do {
		if (locked + npages > charge_limit_pages(to)) {
			charge_report_limit(reports, DMAOWN_REASON_LIMIT_USER, to, locked + npages);
			return -ENOMEM;
		}
	} while (!atomic_long_try_cmpxchg(&to->user->locked_vm, &locked, locked + npages));
	return 0;
}

/*
 * Charge as in mode mm. Pages within the limit come first: after those beyond it they would not
 * fit.
 */
static int charge_mm(const struct charges *charges, const struct owner *to, struct reports *reports)
{
	unsigned long locked;
	int ret;

	ret = dmaown_memory_charge(to->mm, charges->mm, charges->mm_unlimited, to->task, &locked);
	if (ret && ret != -EBUSY)
		charge_report_limit(reports, DMAOWN_REASON_LIMIT_MM, to, locked);
	return ret;
}

int dmaown_charges_take(const struct charges *charges, const struct owner *to,
			struct reports *reports)
{
	int ret = 0;

	if (charges->user)
		ret = charge_user(charges->user, to, reports);
	if (ret || (!charges->mm && !charges->mm_unlimited))
		return ret;
	ret = charge_mm(charges, to, reports);
	if (ret && charges->user)
		atomic_long_sub(charges->user, &to->user->locked_vm);
	return ret;
}

void dmaown_charges_move_pins(const struct plan *plan)
{
	unsigned int i;

	for (i = 0; i < plan->old_owners_nr; i++) {
		const struct old_owner *old_owner = plan->old_owners[i];

		if (!old_owner->counts_pins)
			continue;
		atomic64_add(old_owner->npinned, &plan->to->mm->pinned_vm);
		atomic64_sub(old_owner->charged, &old_owner->owner.mm->pinned_vm);
	}
}

/*
 * The worker owns the struct and a reference on the module. It retries instead of waiting for the
 * lock: a worker that sleeps uninterruptibly for long is reported as hung.
 */
static void charge_uncharge_late(struct work_struct *work)
{
	struct old_owner *old_owner = container_of(to_delayed_work(work), struct old_owner, work);

	if (dmaown_memory_uncharge(old_owner->owner.mm, old_owner->charged)) {
		queue_delayed_work(workqueue, &old_owner->work, LATER);
		return;
	}
	dmaown_old_owner_put(old_owner);
	kfree(old_owner);
	module_put(THIS_MODULE);
}

static bool charge_try_uncharge(struct old_owner *old_owner, struct wait_budget *budget)
{
	while (dmaown_memory_uncharge(old_owner->owner.mm, old_owner->charged))
		if (!lock_retry_after(budget, 500))
			return false;
	return true;
}

/*
 * VmLck is changed under mmap_lock, which the old owner can stall for as long as it likes: leave
 * the wait to a worker, not to the caller.
 */
static void charge_uncharge_mm(struct plan *plan, unsigned int at, size_t npages,
			       struct wait_budget *budget)
{
	struct old_owner *old_owner = plan->old_owners[at];

	old_owner->charged = npages;
	if (charge_try_uncharge(old_owner, budget))
		return;
	plan->old_owners[at] = NULL;
	__module_get(THIS_MODULE);
	INIT_DELAYED_WORK(&old_owner->work, charge_uncharge_late);
	queue_delayed_work(workqueue, &old_owner->work, LATER);
}

void dmaown_charges_settle(struct plan *plan)
{
	struct wait_budget budget = wait_budget_of(SETTLE_WAIT);
	unsigned int i;

	for (i = 0; i < plan->old_owners_nr; i++) {
		struct old_owner *old_owner = plan->old_owners[i];
		size_t npages = charge_refund(plan, old_owner);

		cond_resched();
		if (!npages)
			continue;
		if (old_owner->mode == DMAOWN_MODE_USER)
			atomic_long_sub(npages, &old_owner->owner.user->locked_vm);
		/* Without an address space there is nothing to uncharge. */
		else if (old_owner->mode == DMAOWN_MODE_MM && old_owner->has_mm)
			charge_uncharge_mm(plan, i, npages, &budget);
	}
}

int __init dmaown_charges_init(void)
{
	workqueue = alloc_workqueue("dmaown", WQ_UNBOUND, 0);
	return workqueue ? 0 : -ENOMEM;
}

void dmaown_charges_exit(void)
{
	destroy_workqueue(workqueue);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/delay.h>
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

/*
 * How often in all, a millisecond apart, old owners' mmap_locks are tried for before the rest is
 * left to workers, who try ten times a second.
 */
#define SETTLE_TRIES	10
#define LATER		(HZ / 10)

static struct workqueue_struct *workqueue;

static bool same_payer(const struct plan *plan, const struct source *source)
{
	if (source->mode == DMAOWN_MODE_USER)
		return source->owner.user == plan->to->user;
	return source->owner.mm == plan->to->mm;
}

/*
 * What is pinned and what was charged for it differ only where an uncharge has failed, after the
 * owner's death (kernel: pages.c, update_mm_locked_vm()). Who stays the payer pays, or gets back,
 * just that.
 */
static size_t to_charge(const struct plan *plan, const struct source *source)
{
	if (!same_payer(plan, source))
		return source->npinned;
	return source->npinned > source->charged ? source->npinned - source->charged : 0;
}

static size_t to_release(const struct plan *plan, const struct source *source)
{
	if (!same_payer(plan, source))
		return source->charged;
	return source->charged > source->npinned ? source->charged - source->npinned : 0;
}

struct charges charges_sum(const struct plan *plan)
{
	struct charges charges = {};
	unsigned int i;

	for (i = 0; i < plan->sources_nr; i++) {
		const struct source *source = plan->sources[i];

		if (source->mode == DMAOWN_MODE_USER)
			charges.user += to_charge(plan, source);
		else if (source->mode == DMAOWN_MODE_MM && source->limit_by_privilege &&
			 plan->privileged)
			charges.mm_unlimited += to_charge(plan, source);
		else if (source->mode == DMAOWN_MODE_MM)
			charges.mm += to_charge(plan, source);
	}
	return charges;
}

struct charges charges_locked(const struct charges *charges, const struct owner *to)
{
	return (struct charges){
		.user = atomic_long_read(&to->user->locked_vm) + charges->user,
		.mm = READ_ONCE(to->mm->locked_vm) + charges->mm + charges->mm_unlimited,
	};
}

static unsigned long limit_pages(const struct owner *to)
{
	return task_rlimit(to->task, RLIMIT_MEMLOCK) >> PAGE_SHIFT;
}

static void report_limit(struct reports *reports, enum dmaown_reason reason, const struct owner *to,
			 size_t npages)
{
	struct dmaown_report report = {
		.reason = reason,
		.process = process_pid(to->task, task_active_pid_ns(current)),
		.value = (u64)npages << PAGE_SHIFT,
		.limit = task_rlimit(to->task, RLIMIT_MEMLOCK),
	};

	report_add(reports, &report);
}

void charges_check(const struct charges *charges, const struct owner *to, struct reports *reports)
{
	struct charges locked = charges_locked(charges, to);

	if (charges->user && locked.user > limit_pages(to))
		report_limit(reports, DMAOWN_REASON_LIMIT_USER, to, locked.user);
	locked.mm -= charges->mm_unlimited;
	if (charges->mm && locked.mm > limit_pages(to))
		report_limit(reports, DMAOWN_REASON_LIMIT_MM, to, locked.mm);
}

/* As the kernel's pages.c does when it pins in mode user. */
static int charge_user(size_t npages, const struct owner *to, struct reports *reports)
{
	long locked = atomic_long_read(&to->user->locked_vm);

	do {
		if (locked + npages > limit_pages(to)) {
			report_limit(reports, DMAOWN_REASON_LIMIT_USER, to, locked + npages);
			return -ENOMEM;
		}
	} while (!atomic_long_try_cmpxchg(&to->user->locked_vm, &locked, locked + npages));
	return 0;
}

/* As in mode mm. What has a limit comes first: it would not fit behind what has none. */
static int charge_mm(const struct charges *charges, const struct owner *to,
		     struct reports *reports)
{
	unsigned long locked;
	int ret;

	ret = memory_charge(to->mm, charges->mm, charges->mm_unlimited, to->task, &locked);
	if (ret && ret != -EBUSY)
		report_limit(reports, DMAOWN_REASON_LIMIT_MM, to, locked);
	return ret;
}

int charges_take(const struct charges *charges, const struct owner *to, struct reports *reports)
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

void charges_move_pins(const struct plan *plan)
{
	unsigned int i;

	for (i = 0; i < plan->sources_nr; i++) {
		const struct source *source = plan->sources[i];

		if (!source->counts_pins)
			continue;
		atomic64_add(source->npinned, &plan->to->mm->pinned_vm);
		atomic64_sub(source->charged, &source->owner.mm->pinned_vm);
	}
}

/*
 * The struct is the worker's own by now, and so is a reference on the module. It waits for the lock
 * by trying again, since a worker that sleeps uninterruptibly for long is taken for one that hangs.
 */
static void uncharge_late(struct work_struct *work)
{
	struct source *source = container_of(to_delayed_work(work), struct source, work);

	if (memory_uncharge(source->owner.mm, source->charged)) {
		queue_delayed_work(workqueue, &source->work, LATER);
		return;
	}
	source_put(source);
	kfree(source);
	module_put(THIS_MODULE);
}

static bool try_uncharge(struct source *source, unsigned int *tries)
{
	while (memory_uncharge(source->owner.mm, source->charged)) {
		if (!*tries)
			return false;
		--*tries;
		usleep_range(500, 1000);
	}
	return true;
}

/*
 * VmLck is changed under mmap_lock, which the old owner may have stalled for as long as it likes:
 * then a worker waits for it, not the caller.
 */
static void uncharge_mm(struct plan *plan, unsigned int at, size_t npages, unsigned int *tries)
{
	struct source *source = plan->sources[at];

	source->charged = npages;
	if (try_uncharge(source, tries))
		return;
	plan->sources[at] = NULL;
	__module_get(THIS_MODULE);
	INIT_DELAYED_WORK(&source->work, uncharge_late);
	queue_delayed_work(workqueue, &source->work, LATER);
}

void charges_settle(struct plan *plan)
{
	unsigned int tries = SETTLE_TRIES;
	unsigned int i;

	for (i = 0; i < plan->sources_nr; i++) {
		struct source *source = plan->sources[i];
		size_t npages = to_release(plan, source);

		if (!npages)
			continue;
		if (source->mode == DMAOWN_MODE_USER)
			atomic_long_sub(npages, &source->owner.user->locked_vm);
		/* With the address space gone there is nothing to take it off. */
		else if (source->mode == DMAOWN_MODE_MM && source->has_mm)
			uncharge_mm(plan, i, npages, &tries);
	}
}

int __init charge_init(void)
{
	workqueue = alloc_workqueue("dmaown", WQ_UNBOUND, 0);
	return workqueue ? 0 : -ENOMEM;
}

void charge_exit(void)
{
	destroy_workqueue(workqueue);
}

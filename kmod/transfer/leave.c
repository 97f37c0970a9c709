// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMAOWN_IOC_LEAVE: the consequences of the exit of one process.
 *
 * An attempt finds all contexts that the process holds, and then their holders, as a transfer does.
 * It takes no lockset: no area is looked at. If something is locked, the attempt drops everything,
 * and the next one starts from the beginning after a pause.
 *
 * Each answer errs on the side of "unknown": a process that could not be read to the end and an
 * unknown holder may keep what seems to be lost, or may themselves depend on the process.
 */
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "contexts.h"
#include "departure.h"
#include "holders.h"
#include "leave.h"
#include "pause.h"
#include "process.h"
#include "stats.h"

struct leave {
	struct dmaown_leave *arg;
	struct reports *reports;
	struct pid *pid;       /* of the process, with a reference */
	struct ptrset leaving; /* it alone, by pid */
	ktime_t deadline;

	/* Valid for one attempt. */
	struct contexts contexts;
	struct holders holders;
	struct dmaown_report obstacle; /* the reason for -EBUSY */
};

/* Forces that accept nothing. */
static const struct forces nothing_forced;

static u32 leave_process(const struct leave *leave)
{
	return pid_nr_ns(leave->pid, task_active_pid_ns(current));
}

static void leave_report_process(struct reports *reports, enum dmaown_reason reason, u32 pid)
{
	struct dmaown_report report = { .reason = reason, .process = pid };

	dmaown_report_add(reports, &report);
}

/* A lock stands in the way: of this context or a device in it, or else of a file of the process. */
static int leave_obstacle(struct leave *leave, const struct context *ctx)
{
	leave->obstacle = (struct dmaown_report){ .reason = DMAOWN_REASON_LOCKED };
	if (ctx)
		leave->obstacle.context = dmaown_context_id(*ctx);
	else
		leave->obstacle.process = leave_process(leave);
	return -EBUSY;
}

/*
 * A transfer counts a locked file of another process among those that keep a context. Here it is no
 * answer: the file may be about to leave the context.
 */
static int leave_check_locked(struct leave *leave)
{
	const struct snapshot *snapshot = &leave->holders.snapshot;
	unsigned int i;

	for (i = 0; i < snapshot->nr; i++) {
		const struct holder *holder = &snapshot->holders[i];

		if (holder->busy && holder->number != NUMBER_NONE)
			return leave_obstacle(leave, &leave->contexts.array[holder->number]);
	}
	return 0;
}

static int leave_judge(struct leave *leave)
{
	struct departure departure = {
		.holders = &leave->holders,
		.contexts = leave->contexts.array,
		.contexts_nr = leave->contexts.nr,
		.leaving = &leave->leaving,
		.forces = &nothing_forced,
	};
	unsigned long *touched = bitmap_alloc(leave->contexts.nr, GFP_KERNEL_ACCOUNT);

	if (!touched)
		return -ENOMEM;
	bitmap_fill(touched, leave->contexts.nr);
	departure.touched = touched;
	dmaown_departure_check(&departure, leave->reports);
	dmaown_departure_check_losses(&departure, leave->reports);
	dmaown_departure_check_unread(&departure, leave->reports);
	bitmap_free(touched);
	return 0;
}

static int leave_look(struct leave *leave)
{
	struct lockset_place place = {};
	int ret = dmaown_holders_refresh(&leave->holders, &leave->contexts, NULL, &place);

	if (ret == -EBUSY)
		return leave_obstacle(leave, &leave->contexts.array[place.context]);
	return ret ?: leave_check_locked(leave) ?: leave_judge(leave);
}

/* A process that exits meanwhile no longer holds what it held, so that nothing seems to be lost. */
static int leave_attempt_of(struct leave *leave, struct task_struct *leader)
{
	bool unseen;
	int ret = dmaown_contexts_of(&leave->contexts, leader, &unseen);

	if (ret == -EBUSY)
		return leave_obstacle(leave, NULL);
	if (ret)
		return ret;
	leave->arg->contexts = leave->contexts.nr;
	if (unseen)
		leave_report_process(leave->reports, DMAOWN_REASON_UNSEEN, leave_process(leave));
	if (leave->contexts.nr)
		ret = leave_look(leave);
	if (!ret && !pid_has_task(leave->pid, PIDTYPE_TGID))
		ret = -ESRCH;
	return ret;
}

/* Return: 0 if the reports are complete, or an error. */
static int leave_attempt(struct leave *leave)
{
	struct task_struct *leader = get_pid_task(leave->pid, PIDTYPE_TGID);
	int ret;

	dmaown_reports_clear(leave->reports);
	if (!leader)
		return -ESRCH;
	ret = leave_attempt_of(leave, leader);
	dmaown_holders_free(&leave->holders);
	dmaown_contexts_put(&leave->contexts);
	put_task_struct(leader);
	return ret;
}

static int leave_attempts(struct leave *leave)
{
	u64 wait_ns = PAUSE_MIN_NS;
	int ret;

	while ((ret = leave_attempt(leave)) == -EBUSY) {
		leave->arg->retries++;
		ret = dmaown_pause(leave->deadline, &wait_ns);
		if (ret == -EBUSY) {
			dmaown_reports_clear(leave->reports);
			dmaown_report_add(leave->reports, &leave->obstacle);
		}
		if (ret)
			break;
	}
	dmaown_stats_retries(leave->arg->retries);
	return ret ?: dmaown_reports_error(leave->reports);
}

/* Get the process and run. Return: 0, or an error that the reports may explain. */
static int leave_begin(struct leave *leave)
{
	struct task_struct *leader = dmaown_process_find(&leave->arg->process);
	int ret;

	if (IS_ERR(leader))
		return PTR_ERR(leader);
	leave->pid = get_task_pid(leader, PIDTYPE_TGID);
	put_task_struct(leader);
	if (!leave->pid)
		return -ESRCH;
	ret = dmaown_ptrset_reserve(&leave->leaving, 1);
	if (!ret) {
		dmaown_ptrset_add(&leave->leaving, leave->pid);
		ret = leave_attempts(leave);
	}
	dmaown_ptrset_free(&leave->leaving);
	put_pid(leave->pid);
	return ret;
}

int dmaown_leave_run(struct dmaown_leave *arg, struct reports *reports)
{
	struct leave *leave = kzalloc(sizeof(*leave), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!leave)
		return -ENOMEM;
	leave->arg = arg;
	leave->reports = reports;
	leave->deadline = ktime_add_ms(ktime_get(), arg->timeout_ms);
	dmaown_ptrset_init(&leave->leaving);
	ret = leave_begin(leave);
	kfree(leave);
	/* The reports do not explain this error: drop them. */
	if (ret && ret != dmaown_reports_error(reports)) {
		dmaown_reports_clear(reports);
		if (ret == -ESRCH)
			leave_report_process(reports, DMAOWN_REASON_NO_PROCESS, arg->process.pid);
		else if (ret == -ENOMEM)
			leave_report_process(reports, DMAOWN_REASON_NO_MEMORY, 0);
	}
	return ret;
}

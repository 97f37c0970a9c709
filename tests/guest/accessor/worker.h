/* SPDX-License-Identifier: GPL-2.0-only */
/* Make a kernel thread do something: a worker, which has no user memory. */
#ifndef WORKER_H
#define WORKER_H

#include <linux/completion.h>
#include <linux/container_of.h>
#include <linux/workqueue.h>

struct worker_call {
	struct work_struct work;
	struct completion done;
	void (*fn)(void *arg);
	void *arg;
};

static void worker_call(struct work_struct *work)
{
	struct worker_call *call = container_of(work, struct worker_call, work);

	call->fn(call->arg);
	complete(&call->done);
}

/*
 * Call @fn in a worker and wait until it returns. For lockdep, the caller does not hold the
 * worker's locks.
 */
static void by_worker(void (*fn)(void *arg), void *arg)
{
	struct worker_call call = { .fn = fn, .arg = arg };

	init_completion(&call.done);
	INIT_WORK_ONSTACK(&call.work, worker_call);
	schedule_work(&call.work);
	wait_for_completion(&call.done);
	destroy_work_on_stack(&call.work);
}

#endif

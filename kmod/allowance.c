// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>

#include "allowance.h"
#include "process.h"

/* The locked pages of the user of a process. */
static u64 allowance_user_locked(struct task_struct *leader)
{
	u64 npages;

	rcu_read_lock();
	npages = atomic_long_read(&__task_cred(leader)->user->locked_vm);
	rcu_read_unlock();
	return npages;
}

/* The locked pages of the address space of a process. */
static u64 allowance_mm_locked(struct task_struct *leader)
{
	struct mm_struct *mm = dmaown_process_grab_mm(leader);
	u64 npages;

	if (!mm)
		return 0;
	npages = READ_ONCE(mm->locked_vm);
	mmdrop(mm);
	return npages;
}

/*
 * iommufd charges an area of a process with CAP_IPC_LOCK in mode none (kernel: iommufd/pages.c,
 * iopt_alloc_pages()). Type1 charges it, without a limit.
 */
void dmaown_allowance_get(struct allowance *allowance, struct task_struct *leader,
			  struct context ctx)
{
	bool privileged = dmaown_process_may_lock(leader);
	u64 npages = 0;

	*allowance = (struct allowance){ .mode = dmaown_context_mode(ctx) };
	if (privileged && !dmaown_context_limit_by_privilege(ctx))
		allowance->mode = DMAOWN_MODE_NONE;
	if (allowance->mode == DMAOWN_MODE_NONE)
		return;
	allowance->limit = task_rlimit(leader, RLIMIT_MEMLOCK);
	allowance->limited = !privileged && allowance->limit != RLIM_INFINITY;
	if (allowance->mode == DMAOWN_MODE_USER)
		npages = allowance_user_locked(leader);
	else
		npages = allowance_mm_locked(leader);
	allowance->used = npages << PAGE_SHIFT;
}

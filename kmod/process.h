/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_PROCESS_H
#define DMAOWN_PROCESS_H

#include <linux/errno.h>
#include "owner.h"

/* A live process: an owner with a reference on mm_users, which keeps its address space alive. */
struct process {
	struct owner owner;
};

/* Return: 0, or -EOPNOTSUPP for unknown flags. */
static inline int process_name_check(const struct dmaown_process *name)
{
	return name->flags & ~DMAOWN_PROCESS_INITIAL ? -EOPNOTSUPP : 0;
}

/* Return: the group leader of the named process with a reference, or ERR_PTR(-ESRCH). */
struct task_struct *dmaown_process_find(const struct dmaown_process *name);

/*
 * Get a named process; dmaown_process_put() drops it. Return: 0, or -ESRCH if there is no such
 * process or it has no address space.
 */
int dmaown_process_get(const struct dmaown_process *name, struct process *process);
void dmaown_process_put(struct process *process);

/*
 * Get the address space of any thread of a process that has one: the leader may have exited before
 * the others. Return: the mm with a reference on mm_count, which does not keep its mappings; or
 * NULL.
 */
struct mm_struct *dmaown_process_grab_mm(struct task_struct *leader);

/* Is a process exempt from the limit of locked memory (kernel: CAP_IPC_LOCK)? */
bool dmaown_process_may_lock(const struct task_struct *task);

/*
 * Keep a process from replacing its address space by exec, until dmaown_process_release(). Does not
 * wait. Return: false if it is exec'ing, has exec'd or is exiting.
 */
bool dmaown_process_hold(struct process *process);
void dmaown_process_release(struct process *process);

#endif

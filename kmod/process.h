/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_PROCESS_H
#define DMAOWN_PROCESS_H

#include <linux/errno.h>
#include "owner.h"

/* A live process: an owner whose address space is kept alive (mm_users) as well. */
struct process {
	struct owner owner;
};

/* Flags that are not known: -EOPNOTSUPP. */
static inline int process_name_check(const struct dmaown_process *name)
{
	return name->flags & ~DMAOWN_PROCESS_INITIAL ? -EOPNOTSUPP : 0;
}

/* The group leader of the process that is named, with a reference, or ERR_PTR(-ESRCH). */
struct task_struct *process_find(const struct dmaown_process *name);

/* All of it; process_put() gives it back. -ESRCH if there is none or it has no address space. */
int process_get(const struct dmaown_process *name, struct process *process);
void process_put(struct process *process);

/* Whether no limit of locked memory holds for a process (kernel: CAP_IPC_LOCK). */
bool process_may_lock(const struct task_struct *task);

/*
 * Keeps a process from leaving its address space by exec for as long as it takes to make it an
 * owner. False when it is just doing so, or has done so, or is exiting. Does not wait.
 */
bool process_hold(struct process *process);
void process_release(struct process *process);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_OWNER_H
#define DMAOWN_OWNER_H

#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include "uapi/dmaown.h"

struct mm_struct;
struct pid_namespace;
struct user_struct;

/*
 * The owner that a pages object records: the process that mapped it, or that became its owner
 * later. Each struct owner that is kept holds a reference on all three. The references keep the
 * structs readable; they keep neither the process nor its address space alive.
 */
struct owner {
	struct task_struct *task; /* group leader at that time; possibly released since */
	struct mm_struct *mm;	  /* mm_count only: mm_users may be 0 */
	struct user_struct *user; /* NULL if none is recorded */
};

void dmaown_owner_get(const struct owner *owner);
void dmaown_owner_put(const struct owner *owner);
enum dmaown_state dmaown_owner_state(const struct owner *owner);

/*
 * Are two tasks of the same process? They are if they share the signal struct, which never changes
 * and lives as long as the struct of any of its tasks.
 */
static inline bool same_process(const struct task_struct *a, const struct task_struct *b)
{
	return a->signal == b->signal;
}

/*
 * Are two owners the same process, address space and, where it is recorded, user? Any task of the
 * process counts.
 */
static inline bool owner_same(const struct owner *a, const struct owner *b)
{
	return same_process(a->task, b->task) && a->mm == b->mm &&
	       (a->user == b->user || !a->user || !b->user);
}

/*
 * Get the recorded user, or the current user of the process if none is recorded.
 * dmaown_owner_user() takes a reference.
 */
struct user_struct *dmaown_owner_user(const struct owner *owner);
kuid_t dmaown_owner_uid(const struct owner *owner);

u64 dmaown_process_id(const struct task_struct *task);
pid_t dmaown_process_pid(struct task_struct *task, struct pid_namespace *ns);
bool dmaown_process_is_dead(const struct task_struct *task);
bool dmaown_process_uses_mm(const struct task_struct *task, const struct mm_struct *mm);
bool dmaown_process_comm(struct task_struct *task, char comm[TASK_COMM_LEN]);

#endif

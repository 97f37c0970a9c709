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
 * What a pages object records: who mapped it, or who was made its owner. Whoever keeps one holds a
 * reference on each: they keep the structs readable, not the process or its address space alive.
 */
struct owner {
	struct task_struct *task;	/* group leader then; maybe released since */
	struct mm_struct *mm;		/* struct only (mm_count): mm_users may be 0 */
	struct user_struct *user;	/* NULL: none is recorded */
};

void owner_get(const struct owner *owner);
void owner_put(const struct owner *owner);
enum dmaown_state owner_state(const struct owner *owner);

/*
 * A process by what never changes: two tasks are of the same process if they share the signal
 * struct, which lives as long as any of its tasks' structs.
 */
static inline bool same_process(const struct task_struct *a, const struct task_struct *b)
{
	return a->signal == b->signal;
}

/*
 * The same process, address space and user, where that is recorded: whatever thread of the process
 * was.
 */
static inline bool owner_same(const struct owner *a, const struct owner *b)
{
	return same_process(a->task, b->task) && a->mm == b->mm &&
	       (a->user == b->user || !a->user || !b->user);
}

/* The user that is recorded, or else the one that the process is of; the first with a reference. */
struct user_struct *owner_user(const struct owner *owner);
kuid_t owner_uid(const struct owner *owner);

u64 process_id(const struct task_struct *task);
pid_t process_pid(struct task_struct *task, struct pid_namespace *ns);
bool process_is_dead(const struct task_struct *task);
bool process_uses_mm(const struct task_struct *task, const struct mm_struct *mm);
bool process_comm(struct task_struct *task, char comm[TASK_COMM_LEN]);

#endif

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/user.h>

#include "id.h"
#include "owner.h"

/* Only for owners on which somebody has references. Does not sleep. */
void owner_get(const struct owner *owner)
{
	get_task_struct(owner->task);
	mmgrab(owner->mm);
	if (owner->user)
		get_uid(owner->user);
}

/* May free all of it: not under a spinlock. */
void owner_put(const struct owner *owner)
{
	put_task_struct(owner->task);
	mmdrop(owner->mm);
	free_uid(owner->user);
}

bool process_is_dead(const struct task_struct *task)
{
	return atomic_read(&task->signal->live) == 0;
}

/*
 * Asks each thread: the leader may have exited and have no mm while the others run on. RCU protects
 * the list of threads; the address is compared, not used.
 */
bool process_uses_mm(const struct task_struct *task, const struct mm_struct *mm)
{
	const struct task_struct *thread;
	bool uses = false;

	rcu_read_lock();
	__for_each_thread(task->signal, thread) {
		if (READ_ONCE(thread->mm) == mm) {
			uses = true;
			break;
		}
	}
	rcu_read_unlock();
	return uses;
}

struct user_struct *owner_user(const struct owner *owner)
{
	const struct cred *cred;
	struct user_struct *user;

	if (owner->user)
		return get_uid(owner->user);
	cred = get_task_cred(owner->task);
	user = get_uid(cred->user);
	put_cred(cred);
	return user;
}

kuid_t owner_uid(const struct owner *owner)
{
	struct user_struct *user = owner_user(owner);
	kuid_t uid = user->uid;

	free_uid(user);
	return uid;
}

enum dmaown_state owner_state(const struct owner *owner)
{
	if (process_uses_mm(owner->task, owner->mm))
		return DMAOWN_STATE_LIVE;
	/* In this order, so that one that exits meanwhile is not taken for one that has exec'd. */
	return process_is_dead(owner->task) ? DMAOWN_STATE_DEAD : DMAOWN_STATE_STALE;
}

/*
 * tgid and start_boottime stay as they are when a process dies, and a thread that execs takes them
 * over from the leader (de_thread() in the kernel's fs/exec.c).
 */
u64 process_id(const struct task_struct *task)
{
	return id_of_process(task->tgid, task->start_boottime);
}

/*
 * Its number in ns; 0 if it has none there. A dead process keeps its number in the initial
 * namespace.
 */
pid_t process_pid(struct task_struct *task, struct pid_namespace *ns)
{
	if (process_is_dead(task))
		return task->tgid;
	return task_tgid_nr_ns(task, ns);
}

/* The command name of the process as it is now; false if it is gone. */
bool process_comm(struct task_struct *task, char comm[TASK_COMM_LEN])
{
	struct task_struct *leader;

	rcu_read_lock();
	leader = pid_task(task_tgid(task), PIDTYPE_TGID);
	if (leader)
		strscpy(comm, leader->comm, TASK_COMM_LEN);
	rcu_read_unlock();
	return leader;
}

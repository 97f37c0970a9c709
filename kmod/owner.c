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

/* The caller knows that references on the owner exist. Does not sleep. */
void dmaown_owner_get(const struct owner *owner)
{
	get_task_struct(owner->task);
	mmgrab(owner->mm);
	if (owner->user)
		get_uid(owner->user);
}

/* May free the task, mm and user: do not call under a spinlock. */
void dmaown_owner_put(const struct owner *owner)
{
	put_task_struct(owner->task);
	mmdrop(owner->mm);
	free_uid(owner->user);
}

bool dmaown_process_is_dead(const struct task_struct *task)
{
	return atomic_read(&task->signal->live) == 0;
}

/*
 * All threads of a process that have an mm have the same one (kernel: fork.c, copy_process();
 * fs/exec.c, de_thread()). The leader may have exited and have none while other threads run on.
 * RCU protects the list of threads. The mm is only compared.
 */
bool dmaown_process_uses_mm(const struct task_struct *task, const struct mm_struct *mm)
{
	const struct mm_struct *used = NULL;
	const struct task_struct *thread;

	rcu_read_lock();
	__for_each_thread(task->signal, thread) {
		used = READ_ONCE(thread->mm);
		if (used)
			break;
	}
	rcu_read_unlock();
	return used == mm;
}

struct user_struct *dmaown_owner_user(const struct owner *owner)
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

kuid_t dmaown_owner_uid(const struct owner *owner)
{
	struct user_struct *user = dmaown_owner_user(owner);
	kuid_t uid = user->uid;

	free_uid(user);
	return uid;
}

enum dmaown_state dmaown_owner_state(const struct owner *owner)
{
	if (dmaown_process_uses_mm(owner->task, owner->mm))
		return DMAOWN_STATE_LIVE;
	/*
	 * Check in this order: a process that exits meanwhile must not be reported as one that has
	 * exec'd.
	 */
	return dmaown_process_is_dead(owner->task) ? DMAOWN_STATE_DEAD : DMAOWN_STATE_STALE;
}

/*
 * tgid and start_boottime stay the same when a process dies. A thread that execs takes them over
 * from the leader (kernel: fs/exec.c, de_thread()).
 */
u64 dmaown_process_id(const struct task_struct *task)
{
	return dmaown_id_of_process(task->tgid, task->start_boottime);
}

/*
 * Get the PID of a process in ns. A dead process keeps its PID of the initial namespace. Return:
 * the PID, or 0 if it has none in ns.
 */
pid_t dmaown_process_pid(struct task_struct *task, struct pid_namespace *ns)
{
	if (dmaown_process_is_dead(task))
		return task->tgid;
	return task_tgid_nr_ns(task, ns);
}

/* Get the current command name of a process. Return: false if the process no longer exists. */
bool dmaown_process_comm(struct task_struct *task, char comm[TASK_COMM_LEN])
{
	struct task_struct *leader;

	rcu_read_lock();
	leader = pid_task(task_tgid(task), PIDTYPE_TGID);
	if (leader)
		strscpy(comm, leader->comm, TASK_COMM_LEN);
	rcu_read_unlock();
	return leader;
}

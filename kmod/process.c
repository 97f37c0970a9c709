// SPDX-License-Identifier: GPL-2.0-only
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/user.h>
#include <linux/user_namespace.h>

#include "process.h"

struct task_struct *dmaown_process_find(const struct dmaown_process *name)
{
	struct pid_namespace *ns = task_active_pid_ns(current);
	struct task_struct *task;

	if (name->flags & DMAOWN_PROCESS_INITIAL)
		ns = &init_pid_ns;

	rcu_read_lock();
	task = pid_task(find_pid_ns(name->pid, ns), PIDTYPE_TGID);
	if (task && name->start && task->start_boottime != name->start)
		task = NULL;
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	return task ?: ERR_PTR(-ESRCH);
}

/*
 * Get the address space of any thread that has one: the leader may have exited before the others.
 * Return: the mm with the reference that get() takes, or NULL.
 */
static struct mm_struct *process_mm(struct task_struct *task,
				    struct mm_struct *(*get)(struct task_struct *thread))
{
	struct mm_struct *mm = NULL;
	struct task_struct *thread;

	rcu_read_lock();
	__for_each_thread(task->signal, thread) {
		mm = get(thread);
		if (mm)
			break;
	}
	rcu_read_unlock();
	return mm;
}

/* As get_task_mm(), but with a reference on mm_count. */
static struct mm_struct *process_grab_thread_mm(struct task_struct *thread)
{
	struct mm_struct *mm;

	task_lock(thread);
	mm = thread->mm;
	if (mm)
		mmgrab(mm);
	task_unlock(thread);
	return mm;
}

struct mm_struct *dmaown_process_grab_mm(struct task_struct *leader)
{
	return process_mm(leader, process_grab_thread_mm);
}

int dmaown_process_get(const struct dmaown_process *name, struct process *process)
{
	struct owner *owner = &process->owner;
	const struct cred *cred;

	owner->task = dmaown_process_find(name);
	if (IS_ERR(owner->task))
		return PTR_ERR(owner->task);

	owner->mm = process_mm(owner->task, get_task_mm);
	if (!owner->mm) {
		put_task_struct(owner->task);
		return -ESRCH;
	}
	mmgrab(owner->mm);

	cred = get_task_cred(owner->task);
	owner->user = get_uid(cred->user);
	put_cred(cred);
	return 0;
}

/* See dmaown_old_owner_put() in transfer/plan.c. */
void dmaown_process_put(struct process *process)
{
	mmput_async(process->owner.mm);
	dmaown_owner_put(&process->owner);
}

/* Check CAP_IPC_LOCK as capable() does, but for another process. */
bool dmaown_process_may_lock(const struct task_struct *task)
{
	const struct cred *cred;
	bool may;

	rcu_read_lock();
	cred = __task_cred(task);
	may = cred->user_ns == &init_user_ns && cap_raised(cred->cap_effective, CAP_IPC_LOCK);
	rcu_read_unlock();
	return may;
}

/*
 * exec changes the mm under the write side of exec_update_lock (kernel: fs/exec.c, exec_mmap()). If
 * a thread other than the leader is exec'ing and has already replaced the leader, the recorded task
 * is the old leader. It is still the same process to all code that compares signal structs.
 */
bool dmaown_process_hold(struct process *process)
{
	struct owner *owner = &process->owner;

	if (!down_read_trylock(&owner->task->signal->exec_update_lock))
		return false;
	if (dmaown_process_uses_mm(owner->task, owner->mm))
		return true;
	up_read(&owner->task->signal->exec_update_lock);
	return false;
}

void dmaown_process_release(struct process *process)
{
	up_read(&process->owner.task->signal->exec_update_lock);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Spoils counters, as bugs in the kernel do. Writing "PID PAGES" to one of the parameters adds this
 * number of pages, which may be negative, to
 *	pinned_vm	the pages that the address space of the process has pinned
 *	locked_vm	the pages that it has locked
 *	user_locked_vm	the pages that the user of the process has locked
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/sched/user.h>

static struct task_struct *parse(const char *text, long *pages)
{
	struct task_struct *task;
	struct pid *pid;
	int nr;

	if (sscanf(text, "%d %ld", &nr, pages) != 2)
		return ERR_PTR(-EINVAL);
	pid = find_get_pid(nr);
	task = get_pid_task(pid, PIDTYPE_PID);
	put_pid(pid);
	return task ?: ERR_PTR(-ESRCH);
}

static int add_to_mm(const char *text, bool locked)
{
	struct task_struct *task;
	struct mm_struct *mm;
	long pages;

	task = parse(text, &pages);
	if (IS_ERR(task))
		return PTR_ERR(task);
	mm = get_task_mm(task);
	put_task_struct(task);
	if (!mm)
		return -ESRCH;
	mmap_write_lock(mm);
	if (locked)
		mm->locked_vm += pages;
	else
		atomic64_add(pages, &mm->pinned_vm);
	mmap_write_unlock(mm);
	mmput(mm);
	return 0;
}

static int set_pinned_vm(const char *text, const struct kernel_param *param)
{
	return add_to_mm(text, false);
}

static int set_locked_vm(const char *text, const struct kernel_param *param)
{
	return add_to_mm(text, true);
}

static int set_user_locked_vm(const char *text, const struct kernel_param *param)
{
	const struct cred *cred;
	struct task_struct *task;
	long pages;

	task = parse(text, &pages);
	if (IS_ERR(task))
		return PTR_ERR(task);
	cred = get_task_cred(task);
	put_task_struct(task);
	atomic_long_add(pages, &cred->user->locked_vm);
	put_cred(cred);
	return 0;
}

static const struct kernel_param_ops pinned_vm_ops = { .set = set_pinned_vm };
static const struct kernel_param_ops locked_vm_ops = { .set = set_locked_vm };
static const struct kernel_param_ops user_locked_vm_ops = { .set = set_user_locked_vm };

module_param_cb(pinned_vm, &pinned_vm_ops, NULL, 0200);
module_param_cb(locked_vm, &locked_vm_ops, NULL, 0200);
module_param_cb(user_locked_vm, &user_locked_vm_ops, NULL, 0200);

MODULE_DESCRIPTION("Spoils counters, for tests");
MODULE_LICENSE("GPL");

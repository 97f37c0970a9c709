// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "force.h"
#include "process.h"

static int check_reset(const struct dmaown_force *force)
{
	const struct dmaown_process *process = &force->process;
	size_t length = strnlen(force->device, sizeof(force->device));

	if (process->pid || process->flags || process->start)
		return -EINVAL;
	if (length == sizeof(force->device) ||
	    memchr_inv(force->device + length, 0, sizeof(force->device) - length))
		return -EINVAL;
	return 0;
}

/* Turns the name into that of the initial namespace; that of nobody into one that nobody has. */
static int resolve_holder(struct dmaown_force *force)
{
	struct dmaown_process *process = &force->process;
	struct task_struct *task;
	int ret;

	ret = process_name_check(process);
	if (ret)
		return ret;
	if (memchr_inv(force->device, 0, sizeof(force->device)))
		return -EINVAL;
	if (!process->pid)
		return process->flags || process->start ? -EINVAL : 0;
	task = process_find(process);
	if (IS_ERR(task)) {
		process->start = U64_MAX;
		return 0;
	}
	process->pid = task->tgid;
	process->start = task->start_boottime;
	put_task_struct(task);
	return 0;
}

static int check_force(struct dmaown_force *force)
{
	if (force->reserved)
		return -EINVAL;
	switch (force->reason) {
	case DMAOWN_REASON_WOULD_RESET:
		return check_reset(force);
	case DMAOWN_REASON_UNTRUSTED:
		return resolve_holder(force);
	}
	return -EINVAL;
}

int forces_copy(struct forces *forces, u64 address, u32 nr)
{
	u32 i;
	int ret = 0;

	*forces = (struct forces){};
	if (!nr)
		return 0;
	forces->array = vmemdup_array_user(u64_to_user_ptr(address), nr, sizeof(*forces->array));
	if (IS_ERR(forces->array)) {
		ret = PTR_ERR(forces->array);
		forces->array = NULL;
		return ret;
	}
	forces->nr = nr;
	for (i = 0; i < nr && !ret; i++)
		ret = check_force(&forces->array[i]);
	return ret;
}

void forces_free(struct forces *forces)
{
	kvfree(forces->array);
}

bool forces_reset(const struct forces *forces, const char *device)
{
	u32 i;

	for (i = 0; i < forces->nr; i++) {
		const struct dmaown_force *force = &forces->array[i];

		if (force->reason == DMAOWN_REASON_WOULD_RESET &&
		    (!force->device[0] || !strcmp(force->device, device)))
			return true;
	}
	return false;
}

bool forces_holder(const struct forces *forces, pid_t tgid, u64 start)
{
	u32 i;

	for (i = 0; i < forces->nr; i++) {
		const struct dmaown_process *process = &forces->array[i].process;

		if (forces->array[i].reason == DMAOWN_REASON_UNTRUSTED &&
		    (!process->pid || (process->pid == tgid && process->start == start)))
			return true;
	}
	return false;
}

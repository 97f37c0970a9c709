// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "force.h"
#include "process.h"

static bool force_names_process(const struct dmaown_force *force)
{
	return force->process.pid || force->process.flags || force->process.start;
}

static bool force_names_device(const struct dmaown_force *force)
{
	return memchr_inv(force->device, 0, sizeof(force->device));
}

static int force_check_device(const struct dmaown_force *force)
{
	size_t length = strnlen(force->device, sizeof(force->device));

	if (force_names_process(force))
		return -EINVAL;
	if (length == sizeof(force->device) ||
	    memchr_inv(force->device + length, 0, sizeof(force->device) - length))
		return -EINVAL;
	return 0;
}

/*
 * Translate the name of a holder to the initial namespace. If the process does not exist, use a
 * name that no process has.
 */
static int force_resolve_holder(struct dmaown_force *force)
{
	struct dmaown_process *process = &force->process;
	struct task_struct *task;
	int ret;

	ret = process_name_check(process);
	if (ret)
		return ret;
	if (force_names_device(force))
		return -EINVAL;
	if (!process->pid)
		return force_names_process(force) ? -EINVAL : 0;
	task = dmaown_process_find(process);
	if (IS_ERR(task)) {
		process->start = U64_MAX;
		return 0;
	}
	process->pid = task->tgid;
	process->start = task->start_boottime;
	put_task_struct(task);
	return 0;
}

static int force_check(struct dmaown_force *force)
{
	if (force->reserved)
		return -EINVAL;
	switch (force->reason) {
	case DMAOWN_REASON_WOULD_RESET:
	case DMAOWN_REASON_UNKNOWN_HOLDER:
		return force_check_device(force);
	case DMAOWN_REASON_UNTRUSTED:
	case DMAOWN_REASON_UNREAD:
		return force_resolve_holder(force);
	case DMAOWN_REASON_UNSEEN:
	case DMAOWN_REASON_TAKEN_BACK:
		return force_names_process(force) || force_names_device(force) ? -EINVAL : 0;
	}
	return -EINVAL;
}

int dmaown_forces_copy(struct forces *forces, u64 address, u32 nr)
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
		ret = force_check(&forces->array[i]);
	return ret;
}

void dmaown_forces_free(struct forces *forces)
{
	kvfree(forces->array);
}

bool dmaown_forces_any(const struct forces *forces, enum dmaown_reason reason)
{
	u32 i;

	for (i = 0; i < forces->nr; i++)
		if (forces->array[i].reason == reason)
			return true;
	return false;
}

bool dmaown_forces_device(const struct forces *forces, enum dmaown_reason reason,
			  const char *device)
{
	u32 i;

	for (i = 0; i < forces->nr; i++) {
		const struct dmaown_force *force = &forces->array[i];

		if (force->reason == reason &&
		    (!force->device[0] || !strcmp(force->device, device)))
			return true;
	}
	return false;
}

bool dmaown_forces_process(const struct forces *forces, enum dmaown_reason reason, pid_t tgid,
			   u64 start)
{
	u32 i;

	for (i = 0; i < forces->nr; i++) {
		const struct dmaown_process *process = &forces->array[i].process;

		if (forces->array[i].reason == reason &&
		    (!process->pid || (process->pid == tgid && process->start == start)))
			return true;
	}
	return false;
}

// SPDX-License-Identifier: GPL-2.0-only
/* /dev/dmaown: checks the arguments of ioctls and runs them. */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "access.h"
#include "compare.h"
#include "device.h"
#include "find.h"
#include "process.h"
#include "transfer/force.h"
#include "transfer/leave.h"
#include "transfer/report.h"
#include "transfer/transfer.h"

static int device_process_info(void *data)
{
	struct dmaown_process_info *arg = data;
	struct task_struct *task;
	const struct cred *cred;
	int ret;

	ret = process_name_check(&arg->process);
	if (ret)
		return ret;
	if (arg->reserved)
		return -EINVAL;
	task = dmaown_process_find(&arg->process);
	if (IS_ERR(task))
		return PTR_ERR(task);

	arg->process.start = task->start_boottime;
	arg->initial_pid = task->tgid;
	cred = get_task_cred(task);
	arg->uid = from_kuid_munged(current_user_ns(), cred->uid);
	put_cred(cred);
	arg->owner = dmaown_process_id(task);
	put_task_struct(task);
	return 0;
}

static int device_check_transfer(const struct dmaown_transfer *arg, u32 reports_room)
{
	int ret;

	if (arg->flags & ~(DMAOWN_TRANSFER_DRY_RUN | DMAOWN_TRANSFER_ADOPT))
		return -EOPNOTSUPP;
	ret = process_name_check(&arg->to) ?: process_name_check(&arg->from);
	if (ret)
		return ret;
	if (!arg->to.pid || arg->reserved ||
	    (!arg->from.pid && (arg->from.flags || arg->from.start)) ||
	    arg->nr_files > DMAOWN_TRANSFER_MAX_FILES ||
	    arg->nr_remaps > DMAOWN_TRANSFER_MAX_REMAPS ||
	    arg->timeout_ms > DMAOWN_TRANSFER_MAX_TIMEOUT ||
	    arg->nr_forces > DMAOWN_TRANSFER_MAX_FORCES ||
	    reports_room > DMAOWN_TRANSFER_MAX_REPORTS)
		return -EINVAL;
	return 0;
}

static int device_check_files(const struct dmaown_file *files, u32 nr)
{
	int ret = 0;

	for (; nr && !ret; nr--, files++) {
		ret = process_name_check(&files->holder);
		if (files->reserved ||
		    (!files->holder.pid && (files->holder.flags || files->holder.start)) ||
		    (files->fd == DMAOWN_FD_ANY && !files->context))
			ret = ret ?: -EINVAL;
	}
	return ret;
}

/* Copy the reports to the caller. Return: ret, or -EFAULT. */
static int device_copy_reports(u64 address, const struct reports *reports, int ret)
{
	if (reports->nr && copy_to_user(u64_to_user_ptr(address), reports->array,
					array_size(reports->nr, sizeof(*reports->array))))
		return -EFAULT;
	return ret;
}

/* Copy the arrays of the caller except files, run the transfer, and copy the reports back. */
static int device_transfer_with(struct dmaown_transfer *arg, struct dmaown_file *files,
				u32 reports_room)
{
	struct reports reports = {};
	struct forces forces = {};
	struct remaps remaps = {};
	int ret;

	ret = dmaown_remaps_copy(&remaps, arg->remaps, arg->nr_remaps);
	if (!ret)
		ret = dmaown_forces_copy(&forces, arg->forces, arg->nr_forces);
	if (!ret)
		ret = dmaown_reports_alloc(&reports, reports_room);
	if (ret)
		goto out;
	ret = dmaown_transfer_run(arg, files, &remaps, &forces, &reports);
	arg->nr_reports = reports.nr;
	arg->reports_total = reports.total;
	ret = device_copy_reports(arg->reports, &reports, ret);
out:
	dmaown_reports_free(&reports);
	dmaown_forces_free(&forces);
	dmaown_remaps_free(&remaps);
	return ret;
}

static int device_transfer(void *data)
{
	struct dmaown_transfer *arg = data;
	u32 reports_room = arg->nr_reports;
	struct dmaown_file *files;
	int ret;

	arg->nr_reports = 0;
	arg->reports_total = 0;
	arg->retries = 0;
	ret = device_check_transfer(arg, reports_room);
	if (ret)
		return ret;
	if (!arg->nr_files)
		return device_transfer_with(arg, NULL, reports_room);

	files = vmemdup_array_user(u64_to_user_ptr(arg->files), arg->nr_files, sizeof(*files));
	if (IS_ERR(files))
		return PTR_ERR(files);
	ret = device_check_files(files, arg->nr_files);
	if (!ret)
		ret = device_transfer_with(arg, files, reports_room);
	kvfree(files);
	return ret;
}

static int device_check_leave(const struct dmaown_leave *arg, u32 reports_room)
{
	if (arg->flags)
		return -EOPNOTSUPP;
	if (!arg->process.pid || arg->reserved || arg->timeout_ms > DMAOWN_LEAVE_MAX_TIMEOUT ||
	    reports_room > DMAOWN_LEAVE_MAX_REPORTS)
		return -EINVAL;
	return process_name_check(&arg->process);
}

static int device_leave(void *data)
{
	struct dmaown_leave *arg = data;
	u32 reports_room = arg->nr_reports;
	struct reports reports;
	int ret;

	arg->nr_reports = 0;
	arg->reports_total = 0;
	arg->contexts = 0;
	arg->retries = 0;
	ret = device_check_leave(arg, reports_room);
	if (!ret)
		ret = dmaown_reports_alloc(&reports, reports_room);
	if (ret)
		return ret;
	ret = dmaown_leave_run(arg, &reports);
	arg->nr_reports = reports.nr;
	arg->reports_total = reports.total;
	ret = device_copy_reports(arg->reports, &reports, ret);
	dmaown_reports_free(&reports);
	return ret;
}

/* Get the context that a file names. Return: 0, with a reference on it; or the errno to return. */
static int device_find_context(const struct dmaown_file *file, struct context *ctx)
{
	struct task_struct *holder = dmaown_find_holder(file);
	int ret;

	if (IS_ERR(holder))
		return PTR_ERR(holder);
	ret = dmaown_find_by_file(file, holder, ctx);
	put_task_struct(holder);
	if (ret)
		return ret == -EAGAIN ? -EBUSY : ret == -ENOEXEC ? -EXDEV : ret;
	if (!ctx->self)
		return -EBADF;
	if (!file->context || file->context == dmaown_context_id(*ctx))
		return 0;
	dmaown_context_put(*ctx);
	return -EBADF;
}

static int device_compare_with(struct dmaown_compare *arg, struct dmaown_range *ranges, u32 room)
{
	struct context ctx;
	int ret;

	ret = device_find_context(&arg->file, &ctx);
	if (ret)
		return ret;
	ret = dmaown_compare_run(ctx, arg, ranges, room);
	dmaown_context_put(ctx);
	if (!ret && copy_to_user(u64_to_user_ptr(arg->ranges), ranges,
				 array_size(arg->nr_ranges, sizeof(*ranges))))
		ret = -EFAULT;
	return ret;
}

static int device_compare(void *data)
{
	struct dmaown_compare *arg = data;
	u32 room = arg->nr_ranges;
	struct dmaown_range *ranges;
	int ret;

	arg->nr_ranges = 0;
	arg->more = 0;
	arg->compared = 0;
	if (!room || room > DMAOWN_COMPARE_MAX_RANGES)
		return -EINVAL;
	ret = device_check_files(&arg->file, 1);
	if (ret)
		return ret;
	ranges = kvcalloc(room, sizeof(*ranges), GFP_KERNEL_ACCOUNT);
	if (!ranges)
		return -ENOMEM;
	ret = device_compare_with(arg, ranges, room);
	if (ret)
		arg->nr_ranges = 0;
	kvfree(ranges);
	return ret;
}

/* One row for each ioctl: number, struct, minimum size (that of the first version), and handler. */
static const struct device_op {
	unsigned int cmd;
	size_t size;
	size_t min_size;
	int (*execute)(void *arg);
} device_ops[] = {
	{
		.cmd = DMAOWN_IOC_PROCESS,
		.size = sizeof(struct dmaown_process_info),
		.min_size = offsetofend(struct dmaown_process_info, owner),
		.execute = device_process_info,
	},
	{
		.cmd = DMAOWN_IOC_TRANSFER,
		.size = sizeof(struct dmaown_transfer),
		.min_size = offsetofend(struct dmaown_transfer, reserved),
		.execute = device_transfer,
	},
	{
		.cmd = DMAOWN_IOC_LEAVE,
		.size = sizeof(struct dmaown_leave),
		.min_size = offsetofend(struct dmaown_leave, reserved),
		.execute = device_leave,
	},
	{
		.cmd = DMAOWN_IOC_COMPARE,
		.size = sizeof(struct dmaown_compare),
		.min_size = offsetofend(struct dmaown_compare, compared),
		.execute = device_compare,
	},
};

union device_arg {
	struct dmaown_process_info process_info;
	struct dmaown_transfer transfer;
	struct dmaown_leave leave;
	struct dmaown_compare compare;
};

static const struct device_op *device_find_op(unsigned int cmd)
{
	unsigned int i;

	/* The number contains the size of the struct, which may be that of another version. */
	for (i = 0; i < ARRAY_SIZE(device_ops); i++)
		if (_IOC_NR(cmd) == _IOC_NR(device_ops[i].cmd) && _IOC_TYPE(cmd) == DMAOWN_IOC_TYPE)
			return &device_ops[i];
	return NULL;
}

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long address)
{
	void __user *user = (void __user *)address;
	const struct device_op *op = device_find_op(cmd);
	union device_arg arg;
	u32 size;
	int ret;

	if (!access_allowed())
		return -EPERM;
	if (!op)
		return -ENOTTY;
	if (get_user(size, (u32 __user *)user))
		return -EFAULT;
	if (size < op->min_size)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	ret = copy_struct_from_user(&arg, op->size, user, size);
	if (ret)
		return ret;

	ret = op->execute(&arg);
	if (copy_to_user(user, &arg, min_t(size_t, size, op->size)))
		return -EFAULT;
	return ret;
}

static int device_open(struct inode *inode, struct file *file)
{
	return access_allowed() ? 0 : -EPERM;
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "dmaown",
	.fops = &device_fops,
	.mode = 0600,
};

int __init dmaown_device_init(void)
{
	return misc_register(&device);
}

void dmaown_device_exit(void)
{
	misc_deregister(&device);
}

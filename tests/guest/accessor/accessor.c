// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/accessor: in-kernel accesses to an IOAS, like those of mediated devices, controlled by a
 * program.
 *
 * Each open file can have one access. The access pins and unpins ranges; it reads and writes, in
 * the caller or in a kernel thread. It unpins a range before the range is unmapped, as iommufd
 * requires of its drivers. Closing the file unpins the rest.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/iommufd.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "accessor.h"
#include "worker.h"

/* Hold the lock around pinning, so that unmap() misses no pin. */
struct accessor {
	struct mutex lock;
	struct iommufd_access *access;
	bool needs_pin;
	struct list_head pins;
};

struct pin {
	struct list_head list;
	unsigned long iova;
	unsigned long length;
};

static void unpin(struct accessor *accessor, struct pin *pin)
{
	iommufd_access_unpin_pages(accessor->access, pin->iova, pin->length);
	list_del(&pin->list);
	kfree(pin);
}

/* iommufd is about to unmap this range. It also calls this for an access that pins nothing. */
static void accessor_unmap(void *data, unsigned long iova, unsigned long length)
{
	struct accessor *accessor = data;
	struct pin *pin, *next;

	mutex_lock(&accessor->lock);
	list_for_each_entry_safe(pin, next, &accessor->pins, list)
		if (pin->iova <= iova + (length - 1) && iova <= pin->iova + (pin->length - 1))
			unpin(accessor, pin);
	mutex_unlock(&accessor->lock);
}

static const struct iommufd_access_ops ops_that_pin = {
	.needs_pin_pages = 1,
	.unmap = accessor_unmap,
};

static const struct iommufd_access_ops ops_that_do_not = {
	.unmap = accessor_unmap,
};

static int make_access(struct accessor *accessor, struct accessor_attach *arg)
{
	struct iommufd_access *access;
	struct iommufd_ctx *ictx;
	int ret;

	ictx = iommufd_ctx_from_fd(arg->context);
	if (IS_ERR(ictx))
		return PTR_ERR(ictx);
	access = iommufd_access_create(ictx, arg->needs_pin ? &ops_that_pin : &ops_that_do_not,
				       accessor, &arg->id);
	iommufd_ctx_put(ictx);
	if (IS_ERR(access))
		return PTR_ERR(access);
	ret = iommufd_access_attach(access, arg->ioas);
	if (ret) {
		iommufd_access_destroy(access);
		return ret;
	}
	accessor->needs_pin = arg->needs_pin;
	smp_store_release(&accessor->access, access);
	return 0;
}

static int do_attach(struct accessor *accessor, void __user *user)
{
	struct accessor_attach arg;
	int ret = -EBUSY;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	mutex_lock(&accessor->lock);
	if (!accessor->access)
		ret = make_access(accessor, &arg);
	mutex_unlock(&accessor->lock);
	if (!ret && copy_to_user(user, &arg, sizeof(arg)))
		ret = -EFAULT;
	return ret;
}

static int do_pin(struct accessor *accessor, const struct accessor_range *range)
{
	unsigned int flags = range->flags & ACCESSOR_WRITE ? IOMMUFD_ACCESS_RW_WRITE : 0;
	struct page **pages;
	struct pin *pin;
	int ret;

	if (!accessor->needs_pin || !range->length || !PAGE_ALIGNED(range->iova | range->length) ||
	    range->length >> PAGE_SHIFT > INT_MAX)
		return -EINVAL;
	pages = kvmalloc_array(range->length >> PAGE_SHIFT, sizeof(*pages), GFP_KERNEL);
	pin = kmalloc(sizeof(*pin), GFP_KERNEL);
	if (!pages || !pin) {
		ret = -ENOMEM;
		goto out;
	}
	pin->iova = range->iova;
	pin->length = range->length;
	mutex_lock(&accessor->lock);
	ret = iommufd_access_pin_pages(accessor->access, pin->iova, pin->length, pages, flags);
	if (!ret) {
		list_add(&pin->list, &accessor->pins);
		pin = NULL;
	}
	mutex_unlock(&accessor->lock);
out:
	kfree(pin);
	kvfree(pages);
	return ret;
}

static int do_unpin(struct accessor *accessor, const struct accessor_range *range)
{
	struct pin *pin;
	int ret = -ENOENT;

	mutex_lock(&accessor->lock);
	list_for_each_entry(pin, &accessor->pins, list) {
		if (pin->iova != range->iova || pin->length != range->length)
			continue;
		unpin(accessor, pin);
		ret = 0;
		break;
	}
	mutex_unlock(&accessor->lock);
	return ret;
}

struct rw {
	struct accessor *accessor;
	unsigned long iova;
	void *data;
	size_t length;
	unsigned int flags;
	int ret;
};

static void rw(void *arg)
{
	struct rw *rw = arg;

	rw->ret =
		iommufd_access_rw(rw->accessor->access, rw->iova, rw->data, rw->length, rw->flags);
}

static void rw_by_kthread(struct rw *arg)
{
	arg->flags |= IOMMUFD_ACCESS_RW_KTHREAD;
	by_worker(rw, arg);
}

static int do_rw(struct accessor *accessor, const struct accessor_range *range)
{
	bool write = range->flags & ACCESSOR_WRITE;
	struct rw arg = {
		.accessor = accessor,
		.iova = range->iova,
		.length = range->length,
		.flags = write ? IOMMUFD_ACCESS_RW_WRITE : IOMMUFD_ACCESS_RW_READ,
	};

	if (!range->length || range->length > ACCESSOR_MOST)
		return -EINVAL;
	arg.data = kvzalloc(range->length, GFP_KERNEL);
	if (!arg.data)
		return -ENOMEM;
	if (write && copy_from_user(arg.data, u64_to_user_ptr(range->data), range->length)) {
		kvfree(arg.data);
		return -EFAULT;
	}

	if (range->flags & ACCESSOR_KTHREAD)
		rw_by_kthread(&arg);
	else
		rw(&arg);
	if (!arg.ret && !write &&
	    copy_to_user(u64_to_user_ptr(range->data), arg.data, range->length))
		arg.ret = -EFAULT;
	kvfree(arg.data);
	return arg.ret;
}

static int do_range(struct accessor *accessor, unsigned int command, void __user *user)
{
	struct accessor_range range;

	if (copy_from_user(&range, user, sizeof(range)))
		return -EFAULT;
	if (range.iova + range.length < range.iova ||
	    (range.flags & ~(ACCESSOR_WRITE | ACCESSOR_KTHREAD)))
		return -EINVAL;
	/* An access stays until the file is closed. */
	if (!smp_load_acquire(&accessor->access))
		return -ENOENT;

	switch (command) {
	case ACCESSOR_IOC_PIN:
		return do_pin(accessor, &range);
	case ACCESSOR_IOC_UNPIN:
		return do_unpin(accessor, &range);
	case ACCESSOR_IOC_RW:
		return do_rw(accessor, &range);
	}
	return -ENOTTY;
}

static long accessor_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	struct accessor *accessor = file->private_data;

	if (command == ACCESSOR_IOC_ATTACH)
		return do_attach(accessor, (void __user *)arg);
	return do_range(accessor, command, (void __user *)arg);
}

static int accessor_open(struct inode *inode, struct file *file)
{
	struct accessor *accessor = kzalloc(sizeof(*accessor), GFP_KERNEL);

	if (!accessor)
		return -ENOMEM;
	mutex_init(&accessor->lock);
	INIT_LIST_HEAD(&accessor->pins);
	file->private_data = accessor;
	return 0;
}

/* Do not hold the lock: unmap() takes it, and may be called until the access is destroyed. */
static int accessor_release(struct inode *inode, struct file *file)
{
	struct accessor *accessor = file->private_data;

	if (accessor->access) {
		accessor_unmap(accessor, 0, ULONG_MAX);
		iommufd_access_destroy(accessor->access);
	}
	mutex_destroy(&accessor->lock);
	kfree(accessor);
	return 0;
}

static const struct file_operations accessor_fops = {
	.owner = THIS_MODULE,
	.open = accessor_open,
	.release = accessor_release,
	.unlocked_ioctl = accessor_ioctl,
};

static struct miscdevice accessor_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "accessor",
	.mode = 0666,
	.fops = &accessor_fops,
};
module_misc_device(accessor_device);

/* Same as MODULE_IMPORT_NS(), whose argument is a name in some kernels and a string in others. */
MODULE_INFO(import_ns, "IOMMUFD");
MODULE_DESCRIPTION("In-kernel accesses to an IOAS (for tests)");
MODULE_LICENSE("GPL");

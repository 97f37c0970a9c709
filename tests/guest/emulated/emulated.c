// SPDX-License-Identifier: GPL-2.0-only
/*
 * Emulated VFIO devices, similar to mediated devices. Each has a VFIO group and no IOMMU. It pins
 * pages of its container or iommufd context when a program tells it to, by the ioctls of
 * /dev/accessor on the device's file. It reads and writes by IOVA, in the caller or in a kernel
 * thread, or in the pages that it has pinned. It unpins a range before the range is unmapped, as
 * VFIO requires of its drivers. Closing the device unpins the rest. It holds VFIO's lock of the
 * device for as long as a program wants.
 *
 * The parameter "devices" sets the number of devices, at first 0: emulated.0 and so on. While
 * "slow" is set, a device waits before it unpins for an unmap.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/highmem.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <linux/wait.h>

#include "accessor.h"
#include "worker.h"

#define EMULATED_MOST 4

/* Maximum time for which a device holds VFIO's lock, in microseconds. */
#define EMULATED_LOCK_MOST 1000000

/* Hold the lock around pinning, so that no unpin misses a pin. */
struct emulated {
	struct vfio_device vdev;
	struct mutex lock;
	struct list_head pins;
};

/* A range that was pinned by one call. */
struct pin {
	struct list_head list;
	u64 iova;
	u64 length;
	struct page *pages[];
};

static struct emulated *to_emulated(struct vfio_device *vdev)
{
	return container_of(vdev, struct emulated, vdev);
}

static void unpin(struct emulated *emulated, struct pin *pin)
{
	vfio_unpin_pages(&emulated->vdev, pin->iova, pin->length >> PAGE_SHIFT);
	list_del(&pin->list);
	kfree(pin);
}

struct stretch {
	struct emulated *emulated;
	u64 iova;
	u64 length;
};

static void unpin_range(void *arg)
{
	const struct stretch *range = arg;
	struct emulated *emulated = range->emulated;
	struct pin *pin, *next;

	mutex_lock(&emulated->lock);
	list_for_each_entry_safe(pin, next, &emulated->pins, list)
		if (pin->iova <= range->iova + (range->length - 1) &&
		    range->iova <= pin->iova + (pin->length - 1))
			unpin(emulated, pin);
	mutex_unlock(&emulated->lock);
}

static bool slow;
static DECLARE_WAIT_QUEUE_HEAD(not_slow);

static int set_slow(const char *text, const struct kernel_param *param)
{
	int ret = param_set_bool(text, param);

	wake_up_all(&not_slow);
	return ret;
}

static const struct kernel_param_ops slow_ops = {
	.set = set_slow,
	.get = param_get_bool,
};
module_param_cb(slow, &slow_ops, &slow, 0644);
MODULE_PARM_DESC(slow, "Whether devices wait before they unpin what is to be unmapped");

/*
 * VFIO is about to unmap this range. Its type1 driver calls with a lock held that it takes
 * elsewhere inside the lock that unpinning takes (kernel: vfio_notify_dma_unmap()). This deadlocks
 * only if another device arrives at the same time. But lockdep would report it, and then report
 * nothing else. Therefore a worker unpins.
 */
static void emulated_dma_unmap(struct vfio_device *vdev, u64 iova, u64 length)
{
	struct stretch range = { to_emulated(vdev), iova, length };

	wait_event_killable(not_slow, !READ_ONCE(slow));
	by_worker(unpin_range, &range);
}

static void emulated_close(struct vfio_device *vdev)
{
	struct stretch range = { to_emulated(vdev), 0, U64_MAX };

	unpin_range(&range);
}

static int prot_of(const struct accessor_range *range)
{
	return IOMMU_READ | (range->flags & ACCESSOR_WRITE ? IOMMU_WRITE : 0);
}

static int do_pin(struct emulated *emulated, const struct accessor_range *range)
{
	unsigned int npages = range->length >> PAGE_SHIFT;
	struct pin *pin;
	int ret;

	if (!range->length || !PAGE_ALIGNED(range->iova | range->length) ||
	    range->length >> PAGE_SHIFT > VFIO_PIN_PAGES_MAX_ENTRIES)
		return -EINVAL;
	pin = kmalloc(struct_size(pin, pages, npages), GFP_KERNEL);
	if (!pin)
		return -ENOMEM;
	pin->iova = range->iova;
	pin->length = range->length;
	mutex_lock(&emulated->lock);
	ret = vfio_pin_pages(&emulated->vdev, pin->iova, npages, prot_of(range), pin->pages);
	if (ret == npages) {
		list_add(&pin->list, &emulated->pins);
		pin = NULL;
		ret = 0;
	}
	mutex_unlock(&emulated->lock);
	kfree(pin);
	return ret;
}

static int do_unpin(struct emulated *emulated, const struct accessor_range *range)
{
	struct pin *pin;
	int ret = -ENOENT;

	mutex_lock(&emulated->lock);
	list_for_each_entry(pin, &emulated->pins, list) {
		if (pin->iova != range->iova || pin->length != range->length)
			continue;
		unpin(emulated, pin);
		ret = 0;
		break;
	}
	mutex_unlock(&emulated->lock);
	return ret;
}

/* Reading and writing */

struct rw {
	struct emulated *emulated;
	u64 iova;
	void *data;
	size_t length;
	bool write;
	int ret;
};

static void rw_by_iova(void *arg)
{
	struct rw *rw = arg;

	rw->ret = vfio_dma_rw(&rw->emulated->vdev, rw->iova, rw->data, rw->length, rw->write);
}

static void rw_page(struct page *page, size_t offset, void *data, size_t length, bool write)
{
	if (write)
		memcpy_to_page(page, offset, data, length);
	else
		memcpy_from_page(data, page, offset, length);
}

/* Copy page by page within the pin. */
static void rw_pin(const struct pin *pin, const struct rw *rw)
{
	size_t done, step;
	u64 at;

	for (done = 0; done < rw->length; done += step) {
		at = rw->iova - pin->iova + done;
		step = min_t(size_t, rw->length - done, PAGE_SIZE - offset_in_page(at));
		rw_page(pin->pages[at >> PAGE_SHIFT], offset_in_page(at), rw->data + done, step,
			rw->write);
	}
}

/* Return: 0, or -ENOENT if no single pin covers the whole range. */
static int rw_pinned(struct emulated *emulated, const struct rw *rw)
{
	const struct pin *pin;
	int ret = -ENOENT;

	mutex_lock(&emulated->lock);
	list_for_each_entry(pin, &emulated->pins, list) {
		if (rw->iova < pin->iova ||
		    rw->iova + (rw->length - 1) > pin->iova + (pin->length - 1))
			continue;
		rw_pin(pin, rw);
		ret = 0;
		break;
	}
	mutex_unlock(&emulated->lock);
	return ret;
}

static int rw_by_flags(struct rw *rw, u32 flags)
{
	if (flags & ACCESSOR_PINNED)
		return rw_pinned(rw->emulated, rw);
	if (flags & ACCESSOR_KTHREAD)
		by_worker(rw_by_iova, rw);
	else
		rw_by_iova(rw);
	return rw->ret;
}

static int do_rw(struct emulated *emulated, const struct accessor_range *range)
{
	struct rw rw = {
		.emulated = emulated,
		.iova = range->iova,
		.length = range->length,
		.write = range->flags & ACCESSOR_WRITE,
	};
	int ret;

	if (!range->length || range->length > ACCESSOR_MOST)
		return -EINVAL;
	rw.data = kvzalloc(range->length, GFP_KERNEL);
	if (!rw.data)
		return -ENOMEM;
	if (rw.write && copy_from_user(rw.data, u64_to_user_ptr(range->data), range->length))
		ret = -EFAULT;
	else
		ret = rw_by_flags(&rw, range->flags);
	if (!ret && !rw.write && copy_to_user(u64_to_user_ptr(range->data), rw.data, range->length))
		ret = -EFAULT;
	kvfree(rw.data);
	return ret;
}

/*
 * Hold the lock under which VFIO opens and closes the device, as a driver of a device that takes
 * long to reset does.
 */
static int do_lock(struct emulated *emulated, const struct accessor_range *range)
{
	struct mutex *lock = &emulated->vdev.dev_set->lock;

	if (range->length > EMULATED_LOCK_MOST)
		return -EINVAL;
	mutex_lock(lock);
	usleep_range(range->length, range->length + 100);
	mutex_unlock(lock);
	return 0;
}

static long emulated_ioctl(struct vfio_device *vdev, unsigned int command, unsigned long arg)
{
	struct emulated *emulated = to_emulated(vdev);
	struct accessor_range range;

	if (_IOC_TYPE(command) != ACCESSOR_IOC_TYPE)
		return -ENOTTY;
	if (copy_from_user(&range, (void __user *)arg, sizeof(range)))
		return -EFAULT;
	if (range.iova + range.length < range.iova ||
	    (range.flags & ~(ACCESSOR_WRITE | ACCESSOR_KTHREAD | ACCESSOR_PINNED)))
		return -EINVAL;

	switch (command) {
	case ACCESSOR_IOC_PIN:
		return do_pin(emulated, &range);
	case ACCESSOR_IOC_UNPIN:
		return do_unpin(emulated, &range);
	case ACCESSOR_IOC_RW:
		return do_rw(emulated, &range);
	case ACCESSOR_IOC_LOCK:
		return do_lock(emulated, &range);
	}
	return -ENOTTY;
}

/* The device */

static int emulated_init_device(struct vfio_device *vdev)
{
	struct emulated *emulated = to_emulated(vdev);

	mutex_init(&emulated->lock);
	INIT_LIST_HEAD(&emulated->pins);
	return 0;
}

static void emulated_release_device(struct vfio_device *vdev)
{
	mutex_destroy(&to_emulated(vdev)->lock);
}

/* In a kernel without iommufd, VFIO's functions for iommufd are NULL. */
static const struct vfio_device_ops emulated_ops = {
	.name = "emulated",
	.init = emulated_init_device,
	.release = emulated_release_device,
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
	.close_device = emulated_close,
	.ioctl = emulated_ioctl,
	.dma_unmap = emulated_dma_unmap,
};

static int emulated_probe(struct platform_device *pdev)
{
	struct emulated *emulated = vfio_alloc_device(emulated, vdev, &pdev->dev, &emulated_ops);
	int ret;

	if (IS_ERR(emulated))
		return PTR_ERR(emulated);
	platform_set_drvdata(pdev, emulated);
	ret = vfio_register_emulated_iommu_dev(&emulated->vdev);
	if (ret)
		vfio_put_device(&emulated->vdev);
	return ret;
}

/* Waits until no process has the device open. */
static void emulated_remove(struct platform_device *pdev)
{
	struct emulated *emulated = platform_get_drvdata(pdev);

	vfio_unregister_group_dev(&emulated->vdev);
	vfio_put_device(&emulated->vdev);
}

static struct platform_driver emulated_driver = {
	.probe = emulated_probe,
	.remove = emulated_remove,
	.driver = { .name = "emulated" },
};

/* The devices and their number. The lock of the module's parameters protects both. */
static struct platform_device *devices[EMULATED_MOST];
static unsigned int nr_devices;

static int add_device(void)
{
	struct platform_device *pdev =
		platform_device_register_simple("emulated", nr_devices, NULL, 0);

	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	devices[nr_devices++] = pdev;
	return 0;
}

static void drop_devices(unsigned int want)
{
	while (nr_devices > want)
		platform_device_unregister(devices[--nr_devices]);
}

static int set_devices(const char *text, const struct kernel_param *param)
{
	unsigned int want;
	int ret = kstrtouint(text, 0, &want);

	if (!ret && want > EMULATED_MOST)
		ret = -EINVAL;
	while (!ret && nr_devices < want)
		ret = add_device();
	if (!ret)
		drop_devices(want);
	return ret;
}

static const struct kernel_param_ops devices_ops = {
	.set = set_devices,
	.get = param_get_uint,
};
module_param_cb(devices, &devices_ops, &nr_devices, 0644);
MODULE_PARM_DESC(devices, "How many devices there are to be");

static int __init emulated_init(void)
{
	int ret = platform_driver_register(&emulated_driver);

	if (ret)
		drop_devices(0);
	return ret;
}
module_init(emulated_init);

static void __exit emulated_exit(void)
{
	drop_devices(0);
	platform_driver_unregister(&emulated_driver);
}
module_exit(emulated_exit);

MODULE_DESCRIPTION("Emulated VFIO devices (for tests)");
MODULE_LICENSE("GPL");

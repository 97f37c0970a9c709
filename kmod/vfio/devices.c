// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find VFIO devices from the buses' side.
 *
 * A VFIO device is a child of the device that it drives, in the class vfio-dev, from its
 * registration until its driver begins to remove it. The walk takes no lock of a device: VFIO skips
 * a reset, or fails an open, if it finds one taken (kernel: vfio_pci_core.c). A walk over children
 * has a reference on the child that it visits, and may drop the last one: the child is then
 * released by its driver, on whose module the walk has a reference, too. (A device that gets
 * another driver at this moment, which is then unbound and unloaded before the walk moves on, is
 * not covered.)
 *
 * The reference on the child keeps the struct vfio_device and its dev_set (kernel: vfio_main.c,
 * vfio_device_release()). Under dev_set->lock a device that is open stays open, and with it the
 * rest: VFIO waits for open files before it lets go of the group and the driver.
 */
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/vfio.h>

#include "devices.h"
#include "dmaown_layout.h"
#include "id.h"
#include "vfio.h"

struct devices_walk {
	struct vfio vfio;
	open_device_fn fn;
	void *arg;
	const char *name; /* of the device whose children are visited */
	bool registered;  /* it has a VFIO device */
};

/* Fill everything but the name. Return: true if the device is open, or may be. */
static bool devices_inspect(const struct vfio *vfio, struct vfio_device *vdev,
			    struct open_device *open)
{
	int ret = 0;

	if (!mutex_trylock(&vdev->dev_set->lock)) {
		open->busy = true;
		open->hidden = dmaown_vfio_has_access(vdev);
		open->device.has_opens = true;
		open->device.opens = dmaown_vfio_device_opens(vdev);
		return open->device.opens;
	}
	open->device.has_opens = true;
	open->device.opens = dmaown_vfio_device_opens(vdev);
	if (open->device.opens)
		ret = dmaown_vfio_device_context(vfio, vdev, &open->ctx);
	mutex_unlock(&vdev->dev_set->lock);
	if (!ret && open->ctx.self)
		ret = dmaown_context_live(open->ctx);
	open->busy = ret == -EAGAIN;
	open->unseen = ret == -ENOEXEC;
#if LAYOUT_HAS_vfio_device_inode
	open->mapping = vdev->inode->i_mapping;
#endif
	if (ret && !open->busy && open->ctx.self) {
		dmaown_context_put(open->ctx);
		open->ctx = (struct context){};
	}
	return open->device.opens;
}

static int devices_show(struct devices_walk *walk, struct vfio_device *vdev)
{
	struct open_device open = {};
	int ret;

	if (!devices_inspect(&walk->vfio, vdev, &open))
		return 0;
	strscpy(open.device.name, walk->name, sizeof(open.device.name));
	ret = walk->fn(&open, walk->arg);
	if (open.ctx.self)
		dmaown_context_put(open.ctx);
	return ret;
}

static int devices_show_removing(struct devices_walk *walk, const struct device *dev)
{
	struct open_device open = { .busy = true, .hidden = true, .device.removing = true };

	strscpy(open.device.name, dev_name(dev), sizeof(open.device.name));
	return walk->fn(&open, walk->arg);
}

static bool devices_is_mediated(const struct device *dev)
{
	return dev->bus && !strcmp(dev->bus->name, "mdev");
}

/*
 * Get the driver of a device, with a reference on its module. The driver may be unloaded at any
 * time: the memory of a module is freed after a grace period. Return: the driver, or NULL.
 */
static const struct device_driver *devices_get_driver(const struct device *dev)
{
	const struct device_driver *driver;

	rcu_read_lock();
	driver = READ_ONCE(dev->driver);
	if (driver && !try_module_get(driver->owner))
		driver = NULL;
	rcu_read_unlock();
	return driver;
}

/*
 * Is a driver being unbound that may be one of VFIO? Those for PCI devices have it in their name. A
 * driver is unbound under the lock of its device, until all files of the device are closed.
 */
static bool devices_is_removing(const struct device *dev, const struct device_driver *driver)
{
	return mutex_is_locked((struct mutex *)&dev->mutex) &&
	       (devices_is_mediated(dev) || strstr(driver->name, "vfio"));
}

bool dmaown_vfio_is_removing(struct device *dev)
{
	const struct device_driver *driver = devices_get_driver(dev);
	bool removing;

	if (!driver)
		return false;
	removing = devices_is_removing(dev, driver);
	module_put(driver->owner);
	return removing;
}

static int devices_visit(struct device *dev, void *arg);

/* Mediated devices are children of the device that they use a part of. */
static int devices_visit_child(struct device *dev, void *arg)
{
	struct devices_walk *walk = arg;

	if (devices_is_mediated(dev))
		return devices_visit(dev, arg);
	if (!dmaown_vfio_is_device(dev))
		return 0;
	walk->registered = true;
	return devices_show(walk, container_of(dev, struct vfio_device, device));
}

/* The children of a device without a driver are not VFIO's. */
static int devices_visit(struct device *dev, void *arg)
{
	struct devices_walk *walk = arg;
	struct devices_walk inner = *walk;
	const struct device_driver *driver = devices_get_driver(dev);
	int ret;

	if (!driver)
		return 0;
	inner.name = dev_name(dev);
	inner.registered = false;
	ret = device_for_each_child(dev, &inner, devices_visit_child);
	if (!ret && !inner.registered && devices_is_removing(dev, driver))
		ret = devices_show_removing(walk, dev);
	module_put(driver->owner);
	return ret;
}

static int devices_walk_buses(struct devices_walk *walk)
{
	int ret = 0;

	if (IS_ENABLED(CONFIG_PCI))
		ret = bus_for_each_dev(&pci_bus_type, NULL, walk, devices_visit);
	return ret ?: bus_for_each_dev(&platform_bus_type, NULL, walk, devices_visit);
}

int dmaown_vfio_each_open(open_device_fn fn, void *arg)
{
	struct devices_walk walk = { .fn = fn, .arg = arg };
	int ret = dmaown_vfio_begin(&walk.vfio);

	if (ret)
		return ret == -ENOENT ? 0 : ret;
	if (walk.vfio.proven)
		ret = devices_walk_buses(&walk);
	dmaown_vfio_end(&walk.vfio);
	return ret;
}

struct context_search {
	const char *device;
	u64 id;
	struct context *ctx;
};

static int devices_match(const struct open_device *open, void *arg)
{
	const struct context_search *search = arg;

	if (strcmp(open->device.name, search->device))
		return 0;
	if (!open->ctx.self)
		return open->busy ? -EAGAIN : 0;
	if (dmaown_context_id(open->ctx) != search->id)
		return 0;
	dmaown_context_get(open->ctx);
	*search->ctx = open->ctx;
	return 1;
}

int dmaown_vfio_find_context(const char *device, u64 id, struct context *ctx)
{
	struct context_search search = { .device = device, .id = id, .ctx = ctx };

	*ctx = (struct context){};
	return min(dmaown_vfio_each_open(devices_match, &search), 0);
}

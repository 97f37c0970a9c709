// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find VFIO devices from the buses' side.
 *
 * A VFIO device is a child of the device that it drives, in the class vfio-dev, from its
 * registration until its driver begins to remove it. Its driver frees it afterwards and can then be
 * unloaded. So nothing but the lock of the parent, under which drivers are bound and unbound
 * (kernel: drivers/base/dd.c), keeps the child and its driver. The lock is taken with a trylock: a
 * driver that is being unbound holds it until all files of its device are closed.
 */
#include <linux/device.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/vfio.h>

#include "devices.h"
#include "id.h"
#include "retry.h"
#include "vfio.h"

struct devices_walk {
	struct vfio vfio;
	open_device_fn fn;
	void *arg;
	unsigned int lock_tries; /* left for all devices */
};

static int devices_show(struct devices_walk *walk, struct vfio_device *vdev)
{
	struct open_device open = {};
	int ret;

	dmaown_vfio_describe(vdev, &open.device);
	if (!open.device.opens)
		return 0;
	ret = dmaown_vfio_device_context(&walk->vfio, vdev, &open.ctx);
	open.busy = ret == -EAGAIN;
	open.unseen = ret == -ENOEXEC;
	ret = walk->fn(&open, walk->arg);
	if (open.ctx.self)
		dmaown_context_put(open.ctx);
	return ret;
}

static int devices_show_locked(struct devices_walk *walk, struct device *dev)
{
	struct open_device open = { .busy = true };

	strscpy(open.device.name, dev_name(dev), sizeof(open.device.name));
	return walk->fn(&open, walk->arg);
}

/*
 * Has a locked device a driver of VFIO? All drivers of VFIO for PCI devices have it in their name.
 * The driver may be unloaded at any time; the memory of a module is freed after a grace period.
 */
static bool devices_may_be_vfio(const struct device *dev)
{
	const struct device_driver *driver;
	bool may;

	rcu_read_lock();
	driver = READ_ONCE(dev->driver);
	may = driver && strstr(driver->name, "vfio");
	rcu_read_unlock();
	return may;
}

bool dmaown_vfio_is_removing(struct device *dev)
{
	if (!devices_may_be_vfio(dev))
		return false;
	if (!device_trylock(dev))
		return true;
	device_unlock(dev);
	return false;
}

static bool devices_lock(struct devices_walk *walk, struct device *dev)
{
	while (!device_trylock(dev))
		if (!devices_may_be_vfio(dev) || !lock_retry(&walk->lock_tries))
			return false;
	return true;
}

static int devices_visit(struct device *dev, void *arg);

/* Mediated devices are children of the device that they use a part of. */
static int devices_visit_child(struct device *dev, void *arg)
{
	if (dev->bus && !strcmp(dev->bus->name, "mdev"))
		return devices_visit(dev, arg);
	if (!dev->class || strcmp(dev->class->name, "vfio-dev"))
		return 0;
	return devices_show(arg, container_of(dev, struct vfio_device, device));
}

/* The children of a device without a driver are not VFIO's. */
static int devices_visit(struct device *dev, void *arg)
{
	struct devices_walk *walk = arg;
	int ret = 0;

	if (!devices_lock(walk, dev))
		return devices_may_be_vfio(dev) ? devices_show_locked(walk, dev) : 0;
	if (dev->driver)
		ret = device_for_each_child(dev, walk, devices_visit_child);
	device_unlock(dev);
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
	struct devices_walk walk = { .fn = fn, .arg = arg, .lock_tries = LOCK_TRIES };
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
	if (open->busy)
		return -EAGAIN;
	if (!open->ctx.self || dmaown_context_id(open->ctx) != search->id)
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

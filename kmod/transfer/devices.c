// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "array.h"
#include "devices.h"
#include "vfio/devices.h"
#include "vfio/vfio.h"

/* Objects of a context that are copied at once */
#define OBJECTS 32

static int devices_add(struct bound_devices *devices, const struct bound_device *device)
{
	struct bound_device *array;

	array = array_grow(devices->array, devices->nr, &devices->room, sizeof(*array));
	if (!array)
		return -ENOMEM;
	devices->array = array;
	array[devices->nr++] = *device;
	return 0;
}

/* There are few devices: a linear search is fast enough. */
static struct bound_device *devices_find(const struct bound_devices *devices, unsigned int number,
					 const char *name)
{
	unsigned int i;

	for (i = 0; i < devices->nr; i++)
		if (devices->array[i].number == number && !strcmp(devices->array[i].name, name))
			return &devices->array[i];
	return NULL;
}

/* Set how often a device is open, which may be a device that its context does not list. */
static int devices_set_opens(struct bound_devices *devices, unsigned int number, const char *name,
			     unsigned int opens)
{
	struct bound_device device = { .number = number, .has_opens = true, .opens = opens };
	struct bound_device *known = devices_find(devices, number, name);

	if (!known) {
		strscpy(device.name, name, sizeof(device.name));
		return devices_add(devices, &device);
	}
	known->has_opens = true;
	known->opens = opens;
	return 0;
}

/* FROM THE BUSES' SIDE */

struct bus_walk {
	struct bound_devices *devices;
	const struct contexts *contexts;
};

/*
 * Only its files tell the context of a device that is being removed, and of an emulated device that
 * is locked. It may be any.
 */
static int devices_add_hidden(struct bound_devices *devices, const char *name)
{
	struct bound_device device = { .number = NUMBER_NONE, .removing = true };

	devices->mapped.any = true;
	strscpy(device.name, name, sizeof(device.name));
	return devices_add(devices, &device);
}

static int devices_add_open(const struct open_device *open, void *arg)
{
	const struct bus_walk *walk = arg;
	const struct ptrset *set = &walk->contexts->set;

	if (open->hidden)
		return devices_add_hidden(walk->devices, open->device.name);
	if (!open->ctx.self || !dmaown_ptrset_count(set, open->ctx.self))
		return 0;
	if (open->mapping)
		dmaown_mapped_add(&walk->devices->mapped, open->mapping);
	else
		walk->devices->mapped.any = true;
	return devices_set_opens(walk->devices, *dmaown_ptrset_value(set, open->ctx.self),
				 open->device.name, open->device.opens);
}

/* FROM THE CONTEXTS' SIDE */

/* Nothing tells who maps a device that was not found on a bus. */
static int devices_add_object(struct bound_devices *devices, unsigned int number,
			      const struct object *object)
{
	struct bound_device device = {
		.number = number,
		.has_opens = object->has_opens,
		.removing = object->removing,
		.opens = object->opens,
	};

	if (devices_find(devices, number, object->name))
		return 0;
	if (object->type == OBJECT_HIDDEN)
		device.hidden = object->opens;
	if (object->has_opens || object->removing || device.hidden)
		devices->mapped.any = true;
	strscpy(device.name, object->name, sizeof(device.name));
	return devices_add(devices, &device);
}

static int devices_find_in(struct bound_devices *devices, struct context ctx, unsigned int number,
			   struct object *batch)
{
	unsigned int done, i;
	u32 id = 0;
	int more, ret = 0;

	do {
		more = dmaown_context_objects(ctx, &id, batch, OBJECTS, &done);
		for (i = 0; i < done && more >= 0 && !ret; i++)
			if (batch[i].type == OBJECT_DEVICE || batch[i].type == OBJECT_HIDDEN)
				ret = devices_add_object(devices, number, &batch[i]);
		if (fatal_signal_pending(current))
			ret = ret ?: -EINTR;
		cond_resched();
	} while (more > 0 && !ret);
	return min(more, 0) ?: ret;
}

static int devices_find_in_all(struct bound_devices *devices, const struct contexts *contexts,
			       struct lockset_place *where)
{
	struct object *batch = kvmalloc_array(OBJECTS, sizeof(*batch), GFP_KERNEL_ACCOUNT);
	unsigned int i;
	int ret = 0;

	if (!batch)
		return -ENOMEM;
	for (i = 0; i < contexts->nr && !ret; i++) {
		dmaown_context_mapped(contexts->array[i], &devices->mapped);
		ret = devices_find_in(devices, contexts->array[i], i, batch);
		*where = (struct lockset_place){ .context = i };
	}
	kvfree(batch);
	return ret == -EAGAIN ? -EBUSY : ret;
}

/*
 * Find devices on the buses first, among them emulated ones, which a context of kind iommufd does
 * not list. Then add those of other buses, and those that are locked, from the contexts.
 */
int dmaown_devices_find(struct bound_devices *devices, const struct contexts *contexts,
			struct lockset_place *where)
{
	struct bus_walk walk = { .devices = devices, .contexts = contexts };

	return dmaown_vfio_each_open(devices_add_open, &walk) ?:
		       devices_find_in_all(devices, contexts, where);
}

/* COUNTING */

/*
 * Read the counts again of devices that have files: a file that was opened since the first count
 * must not stand in for another. A device that is being removed is known by its files alone.
 */
static int devices_count_opens(struct bound_devices *devices, const struct snapshot *snapshot)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < snapshot->by_device_nr && !ret;
	     i = dmaown_snapshot_next_device(snapshot, i)) {
		const struct holder *holder = snapshot->by_device[i];

		if (holder->number != NUMBER_NONE && holder->device_file)
			ret = devices_set_opens(devices, holder->number, holder->device,
						dmaown_vfio_file_opens(holder->device_file));
	}
	return ret;
}

/* Is the device one of a context that is known? */
static bool devices_known_here(const struct bound_devices *devices, const char *name)
{
	unsigned int i;

	for (i = 0; i < devices->nr; i++)
		if (devices->array[i].number != NUMBER_NONE &&
		    !strcmp(devices->array[i].name, name))
			return true;
	return false;
}

/* Are all open files of a device known, and all in other contexts? */
static bool devices_known_elsewhere(const struct snapshot *snapshot, const char *name)
{
	const struct holder *holder = dmaown_snapshot_device(snapshot, NUMBER_NONE, name);
	bool locked;

	return holder && holder->device_file &&
	       dmaown_vfio_file_opens(holder->device_file) <=
		       dmaown_snapshot_device_files(snapshot, NUMBER_NONE, name, &locked);
}

/* The number of devices that are being removed from a context, and are known by their files. */
static unsigned int devices_removed(const struct snapshot *snapshot, unsigned int number)
{
	unsigned int i, nr = 0;

	for (i = 0; i < snapshot->by_device_nr; i = dmaown_snapshot_next_device(snapshot, i))
		nr += snapshot->by_device[i]->number == number && snapshot->by_device[i]->removing;
	return nr;
}

/* Count the unknown files of what has no count of open files; at least one for each device. */
static unsigned int devices_count_removing(const struct bound_devices *devices,
					   const struct snapshot *snapshot,
					   const struct bound_device *device)
{
	unsigned int removed;

	if (device->hidden) {
		removed = devices_removed(snapshot, device->number);
		return device->hidden > removed ? device->hidden - removed : 0;
	}
	if (device->number == NUMBER_NONE && (devices_known_here(devices, device->name) ||
					      devices_known_elsewhere(snapshot, device->name)))
		return 0;
	return device->removing;
}

int dmaown_devices_count(struct bound_devices *devices, const struct snapshot *snapshot,
			 struct lockset_place *where)
{
	int ret = devices_count_opens(devices, snapshot);
	unsigned int i, files;
	bool locked;

	for (i = 0; i < devices->nr && ret >= 0; i++) {
		struct bound_device *device = &devices->array[i];

		if (!device->has_opens) {
			device->unknown = devices_count_removing(devices, snapshot, device);
			ret = ret || device->unknown;
			continue;
		}
		files = dmaown_snapshot_device_files(snapshot, device->number, device->name,
						     &locked);
		if (device->opens <= files)
			continue;
		if (locked) {
			*where = (struct lockset_place){ .context = device->number };
			return -EBUSY;
		}
		device->unknown = device->opens - files;
		ret = 1;
	}
	return ret;
}

void dmaown_devices_free(struct bound_devices *devices)
{
	dmaown_mapped_put(&devices->mapped);
	kvfree(devices->array);
	memset(devices, 0, sizeof(*devices));
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* VFIO devices that are open, whoever has their files. */
#ifndef DMAOWN_VFIO_DEVICES_H
#define DMAOWN_VFIO_DEVICES_H

#include "context.h"
#include "kinds.h"

struct address_space;
struct device;

/* A device that is open, or may be. Valid only during the callback. */
struct open_device {
	struct file_device device;
	struct context ctx; /* none if there is none, or if it is unknown */
	bool busy;	    /* locked: the context is unknown, or whether it is in use */
	bool unseen;	    /* the module has no layout for its context */
	bool hidden;	    /* busy, and its context does not list it */
	/* Its files are mapped through this; NULL if nothing tells who maps them. */
	struct address_space *mapping;
};

typedef int (*open_device_fn)(const struct open_device *open, void *arg);

/*
 * Call fn for each open device on the PCI and platform buses, with mediated devices below them,
 * until fn returns a value other than 0. Finds nothing if VFIO is not loaded or not proven. A
 * device that is being removed is busy, and nothing else is known of it: has_opens is false.
 * Return: the last value of fn, or -ENOMEM.
 */
int dmaown_vfio_each_open(open_device_fn fn, void *arg);

/*
 * Has a device that has no VFIO device, and on which the caller holds a reference, a driver of VFIO
 * that is being unbound?
 */
bool dmaown_vfio_is_removing(struct device *dev);

/*
 * Get the context with this ID that the named device is in. Return: 0, and *ctx has a reference or
 * no context; -EAGAIN if the device is locked; or -ENOMEM.
 */
int dmaown_vfio_find_context(const char *device, u64 id, struct context *ctx);

#endif

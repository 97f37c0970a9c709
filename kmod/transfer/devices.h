/* SPDX-License-Identifier: GPL-2.0-only */
/* The devices in the contexts of a transfer, and their open files that no process has. */
#ifndef DMAOWN_TRANSFER_DEVICES_H
#define DMAOWN_TRANSFER_DEVICES_H

#include "contexts.h"
#include "mapped.h"
#include "snapshot.h"

/* A device in one of the contexts, or in an unknown one. */
struct bound_device {
	unsigned int number; /* of the context, or NUMBER_NONE */
	bool has_opens;
	bool removing;	      /* being removed, so that VFIO does not list it */
	unsigned int hidden;  /* devices of a group that are being removed; it stands for them */
	unsigned int opens;   /* open files of the device, counted by VFIO */
	unsigned int unknown; /* open files that no process has; 1 if that cannot be known */
	char name[64];
};

struct bound_devices {
	struct bound_device *array;
	unsigned int nr;
	unsigned int room;
	struct mapped mapped; /* the address spaces that map the devices */
};

/*
 * Find the devices of all contexts, and the address spaces that map them. Return: 0; -ENOMEM;
 * -EINTR; or -EBUSY if a context is locked, and *where is the context.
 */
int dmaown_devices_find(struct bound_devices *devices, const struct contexts *contexts,
			struct lockset_place *where);

/*
 * Compare VFIO's counts with the files in a snapshot that was taken afterwards. The files are still
 * open. Return: 0 if all files are known; 1 if not; -ENOMEM; or -EBUSY if a file that may be one of
 * them is locked, and *where is its context.
 */
int dmaown_devices_count(struct bound_devices *devices, const struct snapshot *snapshot,
			 struct lockset_place *where);

void dmaown_devices_free(struct bound_devices *devices);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VFIO's files. The structures of devices' files are known to vfio/ alone, those of containers and
 * groups to type1/.
 */
#ifndef DMAOWN_VFIO_H
#define DMAOWN_VFIO_H

#include "context.h"

struct file;
struct iommufd_ctx;
struct vfio_device;

/*
 * vfio_begin() finds VFIO if it is loaded: 0, and until vfio_end() it stays loaded; -ENOENT, and
 * there is nothing to end; -ENOEXEC, there is one with another layout; -ENOMEM.
 */
struct vfio {
	bool (*file_is_valid)(struct file *file);
	bool (*file_is_group)(struct file *file);
	struct iommufd_ctx *(*device_ictx)(struct vfio_device *vdev);
};

int vfio_begin(struct vfio *vfio);
void vfio_end(struct vfio *vfio);

/*
 * A reference on the container that a file is of, if it is of one. May be called under spinlocks.
 */
struct context vfio_container(const struct vfio *vfio, struct file *file);

/*
 * VFIO device files hold the context to which they are bound, and group files the container that
 * their group is in. False for others. May be called under spinlocks.
 */
bool vfio_file_via(const struct vfio *vfio, struct file *file, enum dmaown_via *via);

/*
 * A reference on the context that such a file holds, if it does, and the name of the device or
 * group. -EAGAIN if that is locked: VFIO holds the lock while it attaches, which can take as long
 * as a page fault.
 */
int vfio_context(const struct vfio *vfio, struct file *file, enum dmaown_via via,
		 struct context *ctx, char *name, size_t size);

/*
 * The self of the context to which a file seems to be bound, or NULL, whoever has it locked: only
 * to be compared. If it is a context on which the caller has a reference, it is no guess, unless
 * the device was opened through a group.
 */
const void *vfio_context_hint(struct file *file, enum dmaown_via via);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files of VFIO. Only the files in vfio/ know the structures of device files and groups; those of
 * containers are known in type1/.
 */
#ifndef DMAOWN_VFIO_VFIO_H
#define DMAOWN_VFIO_VFIO_H

#include "context.h"

struct device;
struct file;
struct iommufd_ctx;
struct provenance;
struct vfio_device;

/* The loaded VFIO. Unless it is proven, its files are recognized, and nothing else. */
struct vfio {
	bool (*file_is_valid)(struct file *file);
	bool (*file_is_group)(struct file *file); /* NULL if it has no groups */
	/* NULL if the module has no layout for the loaded iommufd */
	struct iommufd_ctx *(*device_ictx)(struct vfio_device *vdev);
	bool proven;
	struct provenance *kept; /* by this, or else by a reference on file_is_valid */
};

/*
 * Find VFIO if it is loaded, and keep it loaded until dmaown_vfio_end(). Return: 0, -ENOENT if it
 * is not loaded, or -ENOMEM. After an error there is nothing to end.
 */
int dmaown_vfio_begin(struct vfio *vfio);
void dmaown_vfio_end(struct vfio *vfio);

/*
 * Count the open files of the VFIO device of dev. The caller holds references on dev and on the
 * module of its driver. Return: false if dev has no VFIO device, or if VFIO is not proven.
 */
bool dmaown_vfio_opens(const struct vfio *vfio, struct device *dev, unsigned int *opens);

/* Count the open files of a VFIO device that the caller keeps registered or open. */
unsigned int dmaown_vfio_device_opens(const struct vfio_device *vdev);

/* Has the device an access to an iommufd context, as emulated devices have? A sample. */
bool dmaown_vfio_has_access(const struct vfio_device *vdev);

/* Is this the struct device of a struct vfio_device? */
bool dmaown_vfio_is_device(const struct device *dev);

/*
 * Get the context of an open device, with a reference; *ctx has none if it is in none. VFIO is
 * proven, and the caller holds dev_set->lock. Return: 0; -EAGAIN if the group is locked; or
 * -ENOEXEC if the module has no layout for the context.
 */
int dmaown_vfio_device_context(const struct vfio *vfio, struct vfio_device *vdev,
			       struct context *ctx);

/* Count the open files of the device of a device file, which the caller keeps. VFIO is proven. */
unsigned int dmaown_vfio_file_opens(struct file *file);

/* References on an iommufd context, 0 or 1 each. */
struct vfio_references {
	unsigned int file;   /* of the device file alone */
	unsigned int device; /* of its device, which other files of the device share */
};

/*
 * The references of a device file that the caller keeps, and that was in a context before. VFIO is
 * proven. Does not sleep.
 */
void dmaown_vfio_file_references(struct file *file, struct vfio_references *references);

/*
 * Get the context of an iommufd_ctx on which somebody holds a reference. Return: 1, and *ctx has a
 * reference; or -ENOEXEC if the module has no layout for the loaded iommufd.
 */
int dmaown_vfio_ictx(const struct vfio *vfio, struct iommufd_ctx *ictx, struct context *ctx);

#endif

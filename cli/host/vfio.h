/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices and groups of VFIO, as users name them, and as sysfs knows them. */
#ifndef DMAOWN_CLI_HOST_VFIO_H
#define DMAOWN_CLI_HOST_VFIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VFIO_NAME 64

struct vfio_name {
	enum {
		VFIO_DEVICE, /* by its name in sysfs, such as a PCI address */
		VFIO_CDEV,   /* by its character device, vfioN */
		VFIO_GROUP,
		VFIO_CONTAINER, /* /dev/vfio/vfio: no device or group */
		VFIO_IOMMU,	/* /dev/iommu: no device or group */
	} by;
	char text[VFIO_NAME]; /* of VFIO_DEVICE and VFIO_CDEV */
	uint32_t group;
};

/* The names of files of devices and groups in the records of holders. A group is group-NUMBER. */
struct vfio_files {
	char (*items)[VFIO_NAME];
	size_t nr;
	size_t room;
};

/* The mount point of sysfs. Tests change it. */
extern const char *sysfs;

/*
 * Parse the name of a device, with or without the domain of its PCI address; vfioN; group-N; or the
 * path of a device file.
 * Return: false if the text is none of these.
 */
bool vfio_name_parse(const char *text, struct vfio_name *name);

/* Does the host have this device file? The name is VFIO_CONTAINER or VFIO_IOMMU. */
bool vfio_has_file(const struct vfio_name *name);

/*
 * Does iommufd provide /dev/vfio/vfio, if anybody does? VFIO's own file is of no use without
 * vfio_iommu_type1, which modprobe loads with vfio.
 */
bool vfio_container_is_iommufd(void);

/*
 * Write the name that records have for the device or group.
 * Return: false if it is neither, or if sysfs has no such vfioN.
 */
bool vfio_name_of_file(const struct vfio_name *name, char text[VFIO_NAME]);

/*
 * List the files that keep a device or group in use: of a device and its group, or of a group and
 * its devices.
 * Return: 0; -ENOENT if sysfs has no such thing, and only its own file is listed, if that has a
 * name; or -ENOMEM.
 */
int vfio_files_find(struct vfio_files *files, const struct vfio_name *name);
bool vfio_files_have(const struct vfio_files *files, const char *name);
void vfio_files_free(struct vfio_files *files);

#endif

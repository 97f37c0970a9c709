/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual IOMMU of iommufd, whose registers a VMM maps from the context's own file. Hardware that
 * has one is rare; the devices that iommufd makes for its own tests (CONFIG_IOMMUFD_TEST) have one.
 */
#ifndef VIOMMU_H
#define VIOMMU_H

#include <stdint.h>

/* Where it is in the context's file */
struct viommu_window {
	uint64_t offset;
	uint64_t length;
};

/*
 * Attach such a device to an IOAS, and make a virtual IOMMU for it. IOVAs of the IOAS must be at
 * least 16 MiB then. Return: 0 or a negative errno.
 */
int viommu_make(int context, uint32_t ioas, struct viommu_window *window);

#endif

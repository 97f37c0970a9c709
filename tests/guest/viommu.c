// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sys/ioctl.h>
#include <linux/iommufd.h>

#include "viommu.h"

/*
 * The test interface of iommufd, as far as it is used here (kernel: iommufd_test.h). The kernel's
 * struct is shorter: it accepts zeros behind it.
 */
#define TEST_COMMAND	   _IO(IOMMUFD_TYPE, 0x80 + 32)
#define TEST_MOCK_DOMAIN   2
#define TEST_VIOMMU	   0xdeadbeef
#define TEST_COMMAND_WORDS 32

struct test_command {
	__u32 size;
	__u32 operation;
	__u32 id;
	__u32 reserved;
	__u32 test_id;
	__u32 hwpt_id;
	__u32 device_id;
	__u32 others[TEST_COMMAND_WORDS - 7];
};

struct test_viommu {
	__u32 in;
	__u32 out;
	__aligned_u64 offset;
	__aligned_u64 length;
};

/* IOMMU_VIOMMU_ALLOC, which older kernels lack, or have without data. */
struct viommu_alloc {
	__u32 size;
	__u32 flags;
	__u32 type;
	__u32 device_id;
	__u32 hwpt_id;
	__u32 id;
	__u32 data_length;
	__u32 reserved;
	__aligned_u64 data;
};
#define VIOMMU_ALLOC _IO(IOMMUFD_TYPE, 0x90)

/* Return: 0 or a negative errno. */
static int viommu_device(int context, uint32_t ioas, uint32_t *id)
{
	struct test_command command = {
		.size = sizeof(command),
		.operation = TEST_MOCK_DOMAIN,
		.id = ioas,
	};

	if (ioctl(context, TEST_COMMAND, &command))
		return -errno;
	*id = command.device_id;
	return 0;
}

/* Make a HWPT that a virtual IOMMU can have as its parent. Return: 0 or a negative errno. */
static int viommu_parent(int context, uint32_t device, uint32_t ioas, uint32_t *id)
{
	struct iommu_hwpt_alloc alloc = {
		.size = sizeof(alloc),
		.flags = IOMMU_HWPT_ALLOC_NEST_PARENT,
		.dev_id = device,
		.pt_id = ioas,
	};

	if (ioctl(context, IOMMU_HWPT_ALLOC, &alloc))
		return -errno;
	*id = alloc.out_hwpt_id;
	return 0;
}

int viommu_make(int context, uint32_t ioas, struct viommu_window *window)
{
	struct test_viommu data = { .in = 1 };
	struct viommu_alloc alloc = {
		.size = sizeof(alloc),
		.type = TEST_VIOMMU,
		.data_length = sizeof(data),
		.data = (uintptr_t)&data,
	};
	int ret = viommu_device(context, ioas, &alloc.device_id);

	if (!ret)
		ret = viommu_parent(context, alloc.device_id, ioas, &alloc.hwpt_id);
	if (!ret && ioctl(context, VIOMMU_ALLOC, &alloc))
		ret = -errno;
	if (ret)
		return ret;
	window->offset = data.offset;
	window->length = data.length;
	return 0;
}

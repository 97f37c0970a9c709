// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/kvm.h>

#include "kvm.h"

/* The descriptor stays open in exec, like all of the actor. */
static int kvm_device_of(int machine)
{
	struct kvm_create_device create = { .type = KVM_DEV_TYPE_VFIO };

	if (ioctl(machine, KVM_CREATE_DEVICE, &create) || fcntl(create.fd, F_SETFD, 0))
		return -errno;
	return create.fd;
}

int kvm_vfio(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), machine, ret;

	if (kvm < 0)
		return -errno;
	machine = ioctl(kvm, KVM_CREATE_VM, 0);
	ret = machine < 0 ? -errno : kvm_device_of(machine);
	close(machine);
	close(kvm);
	return ret;
}

static int kvm_vfio_file(int kvm, int file, uint64_t what)
{
	int32_t fd = file;
	struct kvm_device_attr attr = {
		.group = KVM_DEV_VFIO_FILE,
		.attr = what,
		.addr = (uintptr_t)&fd,
	};

	return ioctl(kvm, KVM_SET_DEVICE_ATTR, &attr) ? -errno : 0;
}

int kvm_vfio_add(int kvm, int file)
{
	return kvm_vfio_file(kvm, file, KVM_DEV_VFIO_FILE_ADD);
}

int kvm_vfio_remove(int kvm, int file)
{
	return kvm_vfio_file(kvm, file, KVM_DEV_VFIO_FILE_DEL);
}

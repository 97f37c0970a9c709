/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM's device for VFIO: a VMM adds files of VFIO devices and groups to it, and KVM keeps a
 * reference on each. All functions return a negative errno if they fail.
 */
#ifndef KVM_H
#define KVM_H

/* Make a virtual machine with that device. Return: the device's descriptor, which keeps both. */
int kvm_vfio(void);

int kvm_vfio_add(int kvm, int file);
int kvm_vfio_remove(int kvm, int file);

#endif

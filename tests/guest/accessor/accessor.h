/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arguments of the ioctls of /dev/accessor and, except ATTACH, of emulated VFIO devices, which have
 * LOCK in addition. See accessor.c and emulated.c.
 */
#ifndef ACCESSOR_H
#define ACCESSOR_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define ACCESSOR_DEVICE "/dev/accessor"

/* Maximum number of bytes that one call reads or writes. */
#define ACCESSOR_MOST (64 << 10)

#define ACCESSOR_WRITE	 (1U << 0) /* pin: writable; rw: write */
#define ACCESSOR_KTHREAD (1U << 1) /* rw: from a kernel thread */
#define ACCESSOR_PINNED	 (1U << 2) /* rw: in pages that an emulated device has pinned */

struct accessor_attach {
	__u32 context; /* descriptor of the caller */
	__u32 ioas;
	__u32 needs_pin; /* 0: the access cannot pin, and reads and writes at any byte */
	__u32 id;	 /* out: object ID of the access */
};

struct accessor_range {
	__aligned_u64 iova;
	__aligned_u64 length; /* lock: microseconds */
	__aligned_u64 data;   /* rw: address of the caller's buffer */
	__u32 flags;
	__u32 reserved;
};

#define ACCESSOR_IOC_TYPE   0xda
#define ACCESSOR_IOC_ATTACH _IOWR(ACCESSOR_IOC_TYPE, 1, struct accessor_attach)
#define ACCESSOR_IOC_PIN    _IOW(ACCESSOR_IOC_TYPE, 2, struct accessor_range)
#define ACCESSOR_IOC_UNPIN  _IOW(ACCESSOR_IOC_TYPE, 3, struct accessor_range)
#define ACCESSOR_IOC_RW	    _IOW(ACCESSOR_IOC_TYPE, 4, struct accessor_range)
#define ACCESSOR_IOC_LOCK   _IOW(ACCESSOR_IOC_TYPE, 5, struct accessor_range) /* emulated only */

#endif

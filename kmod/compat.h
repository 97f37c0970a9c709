/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between the public interfaces of kernels. The layout program finds them in the BTF of
 * the kernel being built for.
 */
#ifndef DMAOWN_COMPAT_H
#define DMAOWN_COMPAT_H

#include <linux/errno.h>
#include <linux/sysfs.h>

#include "dmaown_layout.h"

/*
 * Read a binary attribute of sysfs from its start. While the kernel made its attributes constant
 * (6.14 to 6.16), constant attributes had a second function, read_new; those of notes were among
 * them. An attribute has one of the two. Return: the number of bytes read, or -ENOENT if it has
 * neither.
 */
static inline ssize_t compat_bin_read(struct kobject *kobj, struct bin_attribute *attr, char *to,
				      size_t size)
{
#if LAYOUT_HAS_bin_attribute_read_new
	if (attr->read_new)
		return attr->read_new(NULL, kobj, attr, to, 0, size);
#endif
	if (attr->read)
		return attr->read(NULL, kobj, attr, to, 0, size);
	return -ENOENT;
}

#endif

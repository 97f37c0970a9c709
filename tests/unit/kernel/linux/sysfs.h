/* SPDX-License-Identifier: GPL-2.0 */
/* The part of the kernel's header that kmod/compat.h uses, from 6.14 to 6.16. */
#include <sys/types.h>

struct file;
struct kobject;

struct bin_attribute {
	ssize_t (*read)(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			char *to, loff_t at, size_t size);
	ssize_t (*read_new)(struct file *file, struct kobject *kobj,
			    const struct bin_attribute *attr, char *to, loff_t at, size_t size);
};

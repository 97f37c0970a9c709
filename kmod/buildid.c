// SPDX-License-Identifier: GPL-2.0-only
#include <linux/elf.h>
#include <linux/err.h>
#include <linux/hex.h>
#include <linux/kernel.h>
#include <linux/kernfs.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "buildid.h"
#include "compat.h"

/* The kernel's elf.h does not define it in all kernels. */
#ifndef NT_GNU_BUILD_ID
#define NT_GNU_BUILD_ID 3
#endif

#define NOTES_MAX SZ_64K

void dmaown_buildid_text(const u8 *id, size_t len, char *text)
{
	len = min_t(size_t, len, (BUILDID_TEXT - 1) / 2);
	*bin2hex(text, id, len) = '\0';
}

/* Find the build ID among ELF notes. Return: the build ID, or NULL. */
static const u8 *buildid_notes_find(const u8 *notes, size_t size, size_t *len)
{
	while (size >= sizeof(Elf32_Nhdr)) {
		const Elf32_Nhdr *note = (const Elf32_Nhdr *)notes;
		size_t name = sizeof(*note);
		size_t desc = name + ALIGN((size_t)note->n_namesz, 4);
		size_t next = desc + ALIGN((size_t)note->n_descsz, 4);

		if (desc + note->n_descsz > size)
			break;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof("GNU") &&
		    !memcmp(notes + name, "GNU", sizeof("GNU"))) {
			*len = note->n_descsz;
			return notes + desc;
		}
		if (next >= size)
			break;
		notes += next;
		size -= next;
	}
	return NULL;
}

static int buildid_notes_compare(const u8 *notes, size_t size, const u8 *id, size_t len,
				 char found[BUILDID_TEXT])
{
	size_t found_len;
	const u8 *found_id = buildid_notes_find(notes, size, &found_len);

	if (!found_id)
		return -ENOENT;
	dmaown_buildid_text(found_id, found_len, found);
	return found_len == len && !memcmp(found_id, id, len) ? 0 : -ESTALE;
}

/* Notes are a binary file in sysfs. Read them through the attribute: sysfs may not be mounted. */
static int buildid_notes_check(struct kobject *kobj, struct kernfs_node *kn, const u8 *id,
			       size_t len, char found[BUILDID_TEXT])
{
	struct bin_attribute *attr = kn->priv;
	ssize_t size;
	u8 *notes;
	int ret;

	if (kernfs_type(kn) != KERNFS_FILE || !attr->size || attr->size > NOTES_MAX)
		return -ENOENT;
	notes = kmalloc(attr->size, GFP_KERNEL);
	if (!notes)
		return -ENOMEM;

	size = compat_bin_read(kobj, attr, notes, attr->size);
	ret = size < 0 ? size : buildid_notes_compare(notes, size, id, len, found);
	kfree(notes);
	return ret;
}

static int buildid_kernel_check(const u8 *id, size_t len, char found[BUILDID_TEXT])
{
	struct kernfs_node *kn = sysfs_get_dirent(kernel_kobj->sd, "notes");
	int ret;

	if (!kn)
		return -ENOENT;
	ret = buildid_notes_check(kernel_kobj, kn, id, len, found);
	kernfs_put(kn);
	return ret;
}

static int buildid_module_check(struct kobject *kobj, const u8 *id, size_t len,
				char found[BUILDID_TEXT])
{
	struct kernfs_node *dir, *kn;
	int ret = -ENOENT;

	dir = sysfs_get_dirent(kobj->sd, "notes");
	if (!dir)
		return -ENOENT;
	kn = sysfs_get_dirent(dir, ".note.gnu.build-id");
	if (kn) {
		ret = buildid_notes_check(kobj, kn, id, len, found);
		kernfs_put(kn);
	}
	kernfs_put(dir);
	return ret;
}

int dmaown_buildid_check(const char *name, const u8 *id, size_t len, char found[BUILDID_TEXT])
{
	struct kobject *kobj;
	int ret;

	if (!name)
		return buildid_kernel_check(id, len, found);

	kobj = kset_find_obj(THIS_MODULE->mkobj.kobj.kset, name);
	if (!kobj)
		return -ENOENT;
	ret = buildid_module_check(kobj, id, len, found);
	kobject_put(kobj);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of VFIO devices and groups. A process with a file of a device that is bound to a context,
 * or of a group in a container, holds that context, even after it has closed the context's own
 * file.
 *
 * This module does not link to VFIO. It looks the symbols up at each use, unless VFIO has been
 * proven and no module has come or gone since. So VFIO may be loaded later, or never, and can be
 * unloaded.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/major.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/vfio.h>

#include "backend.h"
#include "dmaown_layout.h"
#include "groups.h"
#include "iommufd/iommufd.h"
#include "kinds.h"
#include "provenance.h"
#include "record.h"
#include "type1/type1.h"
#include "vfio.h"

#if LAYOUT_VFIO && LAYOUT_HAS_vfio_container && !defined(DMAOWN_TYPE1)
#define CONTAINERS_LACK_LAYOUT true
#else
#define CONTAINERS_LACK_LAYOUT false
#endif

#if LAYOUT_VFIO
/* Symbols of the loaded vfio, looked up when it is proven. */
static struct vfio learnt;

/* Without CONFIG_VFIO_GROUP, VFIO has no groups, and no file is a group's. */
static bool vfio_files_lookup_groups(void)
{
#if LAYOUT_HAS_vfio_group
	learnt.file_is_group = symbol_get(vfio_file_is_group);
	if (!learnt.file_is_group)
		return false;
	symbol_put(vfio_file_is_group);
#endif
	return true;
}

/* Look up the symbols of the module, which the caller keeps loaded. */
static bool vfio_files_lookup(void)
{
	learnt.file_is_valid = symbol_get(vfio_file_is_valid);
	if (!learnt.file_is_valid)
		return false;
	symbol_put(vfio_file_is_valid);
	if (!vfio_files_lookup_groups())
		return false;
#ifdef DMAOWN_IOMMUFD
	learnt.device_ictx = symbol_get(vfio_iommufd_device_ictx);
	if (!learnt.device_ictx)
		return false;
	symbol_put(vfio_iommufd_device_ictx);
#endif
	return true;
}

static const u8 build_id[] = LAYOUT_VFIO_BUILD_ID_BYTES;

static struct provenance provenance = {
	.name = LAYOUT_VFIO_BUILTIN ? NULL : "vfio",
	.id = build_id,
	.len = sizeof(build_id),
	.consequence = "contexts that are held by its files only, and its containers, are not seen",
	.lookup = vfio_files_lookup,
};

/*
 * VFIO uses iommufd and so keeps it loaded, but whether it is the right build must be checked here.
 * If not, the iommufd context of a device is not looked up.
 */
static int vfio_files_prove(struct vfio *vfio)
{
	int ret = dmaown_provenance_check(&provenance);

	if (ret)
		return ret;
	vfio->proven = true;
	vfio->file_is_group = learnt.file_is_group;
	ret = dmaown_iommufd_check();
	if (!ret)
		vfio->device_ictx = learnt.device_ictx;
	return ret == -ENOMEM ? ret : 0;
}

int dmaown_vfio_ictx(const struct vfio *vfio, struct iommufd_ctx *ictx, struct context *ctx)
{
#ifdef DMAOWN_IOMMUFD
	if (vfio->device_ictx) {
		*ctx = (struct context){ &dmaown_iommufd_backend, ictx };
		dmaown_context_get(*ctx);
		return 1;
	}
#endif
	return -ENOEXEC;
}

/* Keep VFIO loaded, if no module has come or gone since it was proven. */
static bool vfio_files_get(struct vfio *vfio)
{
	if (!dmaown_provenance_get(&provenance))
		return false;
	*vfio = (struct vfio){ .file_is_valid = learnt.file_is_valid, .kept = &provenance };
	return true;
}

/* The access of an emulated device to an iommufd context, or NULL. */
static struct iommufd_access *vfio_files_access(const struct vfio_device *vdev)
{
#if LAYOUT_HAS_vfio_device_iommufd_access
	return READ_ONCE(vdev->iommufd_access);
#else
	return NULL;
#endif
}

/* Is the device bound to iommufd, or has it an access to it? Works without a layout of iommufd. */
static bool vfio_files_uses_iommufd(const struct vfio_device *vdev)
{
#if IS_ENABLED(CONFIG_IOMMUFD)
	if (vdev->iommufd_device)
		return true;
#endif
	return vfio_files_access(vdev);
}

/*
 * The iommufd context of an open device. A device with an IOMMU is bound to it; an emulated device
 * has an access to it (kernel: vfio/iommufd.c). Return: as dmaown_vfio_ictx(), or 0 if it has none.
 */
static int vfio_files_ictx(const struct vfio *vfio, struct vfio_device *vdev, struct context *ctx)
{
	struct iommufd_ctx *ictx;

	lockdep_assert_held(&vdev->dev_set->lock);
	if (!vfio_files_uses_iommufd(vdev))
		return 0;
	if (!vfio->device_ictx)
		return -ENOEXEC;
	ictx = vfio->device_ictx(vdev) ?: dmaown_iommufd_of_access(vfio_files_access(vdev));
	return dmaown_vfio_ictx(vfio, ictx, ctx);
}

static int vfio_files_context_of_group(const struct vfio *vfio, struct vfio_device *vdev,
				       struct context *ctx)
{
#if LAYOUT_HAS_vfio_group && LAYOUT_HAS_vfio_device_group
	return dmaown_vfio_group_context(vfio, vdev->group, ctx);
#else
	return 0;
#endif
}

/* Get the context of an open device. Its group stays in its container while the device is open. */
static int vfio_files_context_of_device(const struct vfio *vfio, struct vfio_device *vdev,
					struct context *ctx)
{
	int ret = vfio_files_ictx(vfio, vdev, ctx);

	return ret ? min(ret, 0) : vfio_files_context_of_group(vfio, vdev, ctx);
}

/*
 * A file that was opened through /dev/vfio/devices holds a reference on the context in df->iommufd
 * (kernel: device_cdev.c). In a file that was opened through a group, df->iommufd is the context
 * that the group had at that time, and may be stale (kernel: group.c,
 * vfio_group_ioctl_unset_container()). But the file keeps the device open and so bound, and the
 * device keeps its context.
 */
static int vfio_files_context_of_df(const struct vfio *vfio,
				    const struct layout_vfio_device_file *df, struct context *ctx)
{
	lockdep_assert_held(&df->device->dev_set->lock);
	if (df->group)
		return vfio_files_context_of_device(vfio, df->device, ctx);
	if (!df->iommufd)
		return 0;
	return min(dmaown_vfio_ictx(vfio, (struct iommufd_ctx *)df->iommufd, ctx), 0);
}

bool dmaown_vfio_has_access(const struct vfio_device *vdev)
{
	return vfio_files_access(vdev);
}

int dmaown_vfio_device_context(const struct vfio *vfio, struct vfio_device *vdev,
			       struct context *ctx)
{
	*ctx = (struct context){};
	return vfio_files_context_of_device(vfio, vdev, ctx);
}

static void vfio_files_describe(const struct vfio_device *vdev, struct file_device *device)
{
	*device = (struct file_device){ .self = vdev };
	strscpy(device->name, dev_name(vdev->dev), sizeof(device->name));
	device->has_opens = true;
	device->opens = dmaown_vfio_device_opens(vdev);
	device->removing = !device_is_registered((struct device *)&vdev->device);
}

/*
 * The file keeps the device: VFIO unregisters it at once, but waits for the file before its driver
 * lets go of it (kernel: vfio_unregister_group_dev()). df->device is set before the file exists.
 * VFIO holds dev_set->lock while it attaches, which can take as long as a page fault.
 */
static int vfio_files_context_of_device_file(const struct vfio *vfio, struct file *file,
					     struct context *ctx, struct file_device *device)
{
	const struct layout_vfio_device_file *df = file->private_data;
	struct vfio_device *vdev = df->device;
	int ret;

	vfio_files_describe(vdev, device);
	if (!mutex_trylock(&vdev->dev_set->lock))
		return -EAGAIN;
	ret = vfio_files_context_of_df(vfio, df, ctx);
	mutex_unlock(&vdev->dev_set->lock);
	return ret;
}

/* The file keeps the group. */
static int vfio_files_context_of_group_file(const struct vfio *vfio, struct file *file,
					    struct context *ctx, struct file_device *device)
{
	device->self = file->private_data;
	dmaown_vfio_group_name(file->private_data, device->name, sizeof(device->name));
	return dmaown_vfio_group_context(vfio, file->private_data, ctx);
}

static int vfio_files_context(const struct vfio *vfio, struct file *file, enum dmaown_via via,
			      struct context *ctx, struct file_device *device)
{
	if (via == DMAOWN_VIA_GROUP)
		return vfio_files_context_of_group_file(vfio, file, ctx, device);
	return vfio_files_context_of_device_file(vfio, file, ctx, device);
}

/*
 * VFIO sets df->iommufd under dev_set->lock when it binds the device, and does not change it
 * afterwards (kernel: device_cdev.c). While binding fails, it can be an error pointer, or a context
 * that is removed again.
 *
 * The result can be read while another thread holds the lock. If it is a context on which the
 * caller holds a reference, the file does hold that context, except if the device was opened
 * through a group, or if binding fails.
 */
static const void *vfio_files_hint(struct file *file, enum dmaown_via via)
{
	const struct layout_vfio_device_file *df = file->private_data;
	const void *ictx;

	if (via == DMAOWN_VIA_GROUP)
		return dmaown_vfio_group_hint(file->private_data);
	ictx = READ_ONCE(df->iommufd);
	if (!ictx && df->group)
		return dmaown_vfio_group_hint((struct vfio_group *)df->group);
	return IS_ERR(ictx) ? NULL : ictx;
}

unsigned int dmaown_vfio_file_opens(struct file *file)
{
	const struct layout_vfio_device_file *df = file->private_data;

	return dmaown_vfio_device_opens(df->device);
}

/*
 * Nothing that is read here changes between the time at which the file was found to be in a
 * context, and its release: a device is bound with its first file, and a file that was opened
 * through /dev/vfio/devices when its context is set (kernel: device_cdev.c, iommufd.c).
 */
void dmaown_vfio_file_references(struct file *file, struct vfio_references *references)
{
	const struct layout_vfio_device_file *df = file->private_data;

	references->file = !df->group && df->iommufd;
	references->device = vfio_files_uses_iommufd(df->device);
}
#else
static int vfio_files_prove(struct vfio *vfio)
{
	return -ENOEXEC;
}

static bool vfio_files_get(struct vfio *vfio)
{
	return false;
}

static int vfio_files_context(const struct vfio *vfio, struct file *file, enum dmaown_via via,
			      struct context *ctx, struct file_device *device)
{
	return -ENOEXEC;
}

static const void *vfio_files_hint(struct file *file, enum dmaown_via via)
{
	return NULL;
}

bool dmaown_vfio_has_access(const struct vfio_device *vdev)
{
	return false;
}

int dmaown_vfio_device_context(const struct vfio *vfio, struct vfio_device *vdev,
			       struct context *ctx)
{
	*ctx = (struct context){};
	return -ENOEXEC;
}

unsigned int dmaown_vfio_file_opens(struct file *file)
{
	return 0;
}

void dmaown_vfio_file_references(struct file *file, struct vfio_references *references)
{
	*references = (struct vfio_references){};
}
#endif

/* file_is_valid keeps the module loaded, so file_is_group needs no reference of its own. */
static void vfio_files_use_unproven(struct vfio *vfio)
{
	vfio->file_is_group = symbol_get(vfio_file_is_group);
	if (vfio->file_is_group)
		symbol_put(vfio_file_is_group);
}

int dmaown_vfio_begin(struct vfio *vfio)
{
	int ret;

	if (!vfio_files_get(vfio))
		*vfio = (struct vfio){ .file_is_valid = symbol_get(vfio_file_is_valid) };
	if (!vfio->file_is_valid)
		return -ENOENT;
	ret = vfio_files_prove(vfio);
	if (ret == -ENOMEM) {
		dmaown_vfio_end(vfio);
		return ret;
	}
	if (ret)
		vfio_files_use_unproven(vfio);
	return 0;
}

void dmaown_vfio_end(struct vfio *vfio)
{
	if (vfio->kept)
		dmaown_provenance_put(vfio->kept);
	else if (vfio->file_is_valid)
		symbol_put(vfio_file_is_valid);
	*vfio = (struct vfio){};
}

static bool vfio_files_may_be_builtin(const struct vfio *vfio)
{
	return LAYOUT_VFIO_BUILTIN || !vfio->proven;
}

/*
 * misc_open() replaces its own file operations with those of the owner of the minor number of
 * /dev/vfio/vfio: VFIO or iommufd. Files of iommufd are recognized by iommufd's own functions.
 */
static bool vfio_files_is_container(const struct vfio *vfio, const struct file *file)
{
	const struct inode *inode = file_inode(file);
	struct module *owner = file->f_op->owner;

	if (!S_ISCHR(inode->i_mode) || inode->i_rdev != MKDEV(MISC_MAJOR, VFIO_MINOR) ||
	    (file->f_mode & FMODE_PATH))
		return false;
	return owner ? !strcmp(module_name(owner), "vfio") : vfio_files_may_be_builtin(vfio);
}

/* VFIO may have containers for which the module has no layout. */
static bool vfio_files_containers_unseen(const struct vfio *vfio)
{
	return !vfio->proven || CONTAINERS_LACK_LAYOUT;
}

static struct context vfio_files_container(const struct vfio *vfio, struct file *file)
{
	if (vfio_files_containers_unseen(vfio) || !vfio_files_is_container(vfio, file))
		return (struct context){};
	return dmaown_type1_context(file);
}

static bool vfio_files_is_unseen_container(const struct vfio *vfio, const struct file *file)
{
	return vfio->file_is_valid && vfio_files_containers_unseen(vfio) &&
	       vfio_files_is_container(vfio, file);
}

static bool vfio_files_via(const struct vfio *vfio, struct file *file, enum dmaown_via *via)
{
	if (!vfio->file_is_valid || !vfio->file_is_valid(file))
		return false;
	*via = DMAOWN_VIA_DEVICE;
	if (vfio->file_is_group && vfio->file_is_group(file))
		*via = DMAOWN_VIA_GROUP;
	return true;
}

static int vfio_files_kind_begin(struct kind_use *use)
{
	struct vfio *vfio = kind_state(use, struct vfio);
	int ret;

	*use = (struct kind_use){};
	ret = dmaown_vfio_begin(vfio);
	use->loaded = !ret;
	use->proven = vfio->proven;
	return ret;
}

static void vfio_files_kind_end(struct kind_use *use)
{
	dmaown_vfio_end(kind_state(use, struct vfio));
	*use = (struct kind_use){};
}

static bool vfio_files_kind_recognize(const struct kind_use *use, struct file *file,
				      struct kind_file *found)
{
	const struct vfio *vfio = kind_state(use, const struct vfio);

	found->ctx = vfio_files_container(vfio, file);
	if (found->ctx.self)
		return true;
	found->unseen = vfio_files_is_unseen_container(vfio, file);
	if (found->unseen)
		return true;
	found->indirect = vfio_files_via(vfio, file, &found->via);
	return found->indirect;
}

static int vfio_files_kind_resolve(const struct kind_use *use, struct file *file,
				   enum dmaown_via via, struct context *ctx,
				   struct file_device *device)
{
	*ctx = (struct context){};
	*device = (struct file_device){};
	if (!use->proven)
		return -ENOEXEC;
	return vfio_files_context(kind_state(use, const struct vfio), file, via, ctx, device);
}

static void vfio_files_kind_status(const struct kind_use *use, struct status_record *rec)
{
	char type1_id[BUILDID_TEXT];

	record_set(rec, status, vfio, use->proven);
	record_set(rec, status, vfio_unseen, use->loaded && !use->proven);
	record_set(rec, status, type1, use->proven && dmaown_type1_fits());
	dmaown_type1_layout_build_id(type1_id);
	if (*type1_id)
		record_set_string(rec, status, type1_id, type1_id);
}

const struct kind dmaown_vfio_kind = {
	.has_layout = LAYOUT_VFIO,
	.begin = vfio_files_kind_begin,
	.end = vfio_files_kind_end,
	.recognize = vfio_files_kind_recognize,
	.resolve = vfio_files_kind_resolve,
	.hint = vfio_files_hint,
	.status = vfio_files_kind_status,
};

/*
 * VFIO changes open_count under dev_set->lock, which a thread that attaches holds as long as a page
 * fault takes. The count is a sample, with or without the lock.
 */
unsigned int dmaown_vfio_device_opens(const struct vfio_device *vdev)
{
	return READ_ONCE(vdev->open_count);
}

bool dmaown_vfio_is_device(const struct device *dev)
{
	return dev->class && !strcmp(dev->class->name, "vfio-dev");
}

static int vfio_files_read_opens(struct device *dev, void *arg)
{
	if (!dmaown_vfio_is_device(dev))
		return 0;
	*(unsigned int *)arg =
		dmaown_vfio_device_opens(container_of(dev, struct vfio_device, device));
	return 1;
}

/*
 * The walk keeps the child that it visits. It may drop the last reference on the child, whose
 * driver then releases it: the caller keeps the driver's module.
 */
bool dmaown_vfio_opens(const struct vfio *vfio, struct device *dev, unsigned int *opens)
{
	return vfio->proven && device_for_each_child(dev, opens, vfio_files_read_opens);
}

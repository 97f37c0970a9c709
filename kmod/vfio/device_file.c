// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO device files: a process that has one bound to a context holds that context, even after it
 * has closed the context's own file.
 *
 * Nothing of VFIO is linked to: its symbols are looked up when they are needed, so that it can be
 * loaded after us, or not at all, and goes when it likes.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/vfio.h>

#include "../backend.h"
#include "../proof.h"
#include "../vfio.h"
#include "dmaown_layout.h"

#if LAYOUT_VFIO
/* Symbols of the vfio that is loaded; learnt when it is proven. */
static struct vfio learnt;

/* Those that are of the module that is held already. */
static bool learn(void)
{
	learnt.file_is_group = symbol_get(vfio_file_is_group);
	if (learnt.file_is_group)
		symbol_put(vfio_file_is_group);
	learnt.device_ictx = symbol_get(vfio_iommufd_device_ictx);
	if (learnt.device_ictx)
		symbol_put(vfio_iommufd_device_ictx);
	return learnt.file_is_group && learnt.device_ictx;
}

static const u8 build_id[] = LAYOUT_VFIO_BUILD_ID_BYTES;

static struct proof proof = {
	.name = LAYOUT_VFIO_BUILTIN ? NULL : "vfio",
	.id = build_id,
	.len = sizeof(build_id),
	.loss = "contexts held by device files only are not seen",
	.learn = learn,
};

int vfio_begin(struct vfio *vfio)
{
	bool (*file_is_valid)(struct file *file) = symbol_get(vfio_file_is_valid);
	int ret;

	*vfio = (struct vfio){};
	if (!file_is_valid)
		return -ENOENT;
	ret = proof_check(&proof);
	if (ret) {
		symbol_put(vfio_file_is_valid);
		return ret;
	}
	*vfio = learnt;
	vfio->file_is_valid = file_is_valid;
	return 0;
}

void vfio_end(struct vfio *vfio)
{
	if (vfio->file_is_valid)
		symbol_put(vfio_file_is_valid);
	*vfio = (struct vfio){};
}

/*
 * A file that was opened through /dev/vfio/devices holds a reference on the context in df->iommufd
 * (kernel: device_cdev.c). One that came from a group has there what the group had when it was
 * opened, which may be gone (group.c, vfio_group_ioctl_unset_container()); but the device that it
 * keeps open is bound, and that keeps the context. Emulated devices of a group do not tell: they
 * are not seen.
 */
static struct iommufd_ctx *context_of_device(const struct vfio *vfio,
					     const struct layout_vfio_device_file *df)
{
	lockdep_assert_held(&df->device->dev_set->lock);
	if (df->group)
		return vfio->device_ictx(df->device);
	return (struct iommufd_ctx *)df->iommufd;
}

int vfio_context(const struct vfio *vfio, struct file *file, struct context *ctx, char *name,
		 size_t size)
{
	const struct layout_vfio_device_file *df = file->private_data;
	struct vfio_device *vdev = df->device;

	/* The file keeps the device registered, and df->device is set before the file exists. */
	strscpy(name, dev_name(vdev->dev), size);
	if (!mutex_trylock(&vdev->dev_set->lock))
		return -EAGAIN;
	*ctx = (struct context){ &iommufd_backend, context_of_device(vfio, df) };
	if (ctx->self)
		context_get(*ctx);
	mutex_unlock(&vdev->dev_set->lock);
	return 0;
}

/*
 * Set under dev_set->lock when the device is bound, and then left as it is (kernel: device_cdev.c);
 * an error pointer, or one that is taken back, for a moment while it cannot be bound.
 */
const void *vfio_context_hint(struct file *file)
{
	const struct layout_vfio_device_file *df = file->private_data;
	const void *ictx = READ_ONCE(df->iommufd);

	return IS_ERR(ictx) ? NULL : ictx;
}
#else
int vfio_begin(struct vfio *vfio)
{
	*vfio = (struct vfio){};
	return -ENOENT;
}

void vfio_end(struct vfio *vfio)
{
}

int vfio_context(const struct vfio *vfio, struct file *file, struct context *ctx, char *name,
		 size_t size)
{
	*ctx = (struct context){};
	return 0;
}

const void *vfio_context_hint(struct file *file)
{
	return NULL;
}
#endif

bool vfio_is_device_file(const struct vfio *vfio, struct file *file)
{
	return vfio->file_is_valid && vfio->file_is_valid(file) && !vfio->file_is_group(file);
}

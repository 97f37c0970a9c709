// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO's files of devices and groups: a process that has one bound to a context, or in a container,
 * holds that, even after it has closed the context's own file.
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
#include "../build.h"
#include "../iommufd.h"
#include "../type1.h"
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
	if (!learnt.file_is_group)
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

static struct build build = {
	.name = LAYOUT_VFIO_BUILTIN ? NULL : "vfio",
	.id = build_id,
	.len = sizeof(build_id),
	.loss = "contexts that are held by its files only, and its containers, are not seen",
	.learn = learn,
};

/*
 * VFIO uses iommufd, and so keeps it loaded; that it is the right build is seen by us. Without
 * that, nothing is said of which iommufd context a device is bound to.
 */
static int begin(struct vfio *vfio)
{
	int ret = build_check(&build);

	if (ret)
		return ret;
	vfio->file_is_group = learnt.file_is_group;
#ifdef DMAOWN_IOMMUFD
	ret = iommufd_check();
	if (!ret)
		vfio->device_ictx = learnt.device_ictx;
#endif
	return ret == -ENOMEM ? ret : 0;
}

int vfio_begin(struct vfio *vfio)
{
	int ret;

	*vfio = (struct vfio){ .file_is_valid = symbol_get(vfio_file_is_valid) };
	if (!vfio->file_is_valid)
		return -ENOENT;
	ret = begin(vfio);
	if (ret)
		vfio_end(vfio);
	return ret;
}

void vfio_end(struct vfio *vfio)
{
	if (vfio->file_is_valid)
		symbol_put(vfio_file_is_valid);
	*vfio = (struct vfio){};
}

#ifdef DMAOWN_IOMMUFD
/*
 * A file that was opened through /dev/vfio/devices holds a reference on the context in df->iommufd
 * (kernel: device_cdev.c). One that came from a group has there what the group had when it was
 * opened, which may be gone (group.c, vfio_group_ioctl_unset_container()); but the device that it
 * keeps open is bound, and that keeps the context. Emulated devices of a group do not tell: they
 * are not seen.
 */
static struct context iommufd_of_device(const struct vfio *vfio,
					const struct layout_vfio_device_file *df)
{
	struct context ctx = { &iommufd_backend };

	if (!vfio->device_ictx)
		return ctx;
	ctx.self = df->group ? vfio->device_ictx(df->device) : (void *)df->iommufd;
	if (ctx.self)
		context_get(ctx);
	return ctx;
}
#else
static struct context iommufd_of_device(const struct vfio *vfio,
					const struct layout_vfio_device_file *df)
{
	return (struct context){};
}
#endif

/* A device of a group that is in a container has no iommufd context. */
static int context_of_device(const struct vfio *vfio, const struct layout_vfio_device_file *df,
			     struct context *ctx)
{
	lockdep_assert_held(&df->device->dev_set->lock);
	*ctx = iommufd_of_device(vfio, df);
	if (ctx->self || !df->group)
		return 0;
	return type1_context_of_group((struct vfio_group *)df->group, ctx);
}

/* The file keeps the device registered, and df->device is set before the file exists. */
static int context_of_device_file(const struct vfio *vfio, struct file *file, struct context *ctx,
				  char *name, size_t size)
{
	const struct layout_vfio_device_file *df = file->private_data;
	struct vfio_device *vdev = df->device;
	int ret;

	strscpy(name, dev_name(vdev->dev), size);
	if (!mutex_trylock(&vdev->dev_set->lock))
		return -EAGAIN;
	ret = context_of_device(vfio, df, ctx);
	mutex_unlock(&vdev->dev_set->lock);
	return ret;
}

/* The file keeps the group. */
static int context_of_group_file(struct file *file, struct context *ctx, char *name, size_t size)
{
	type1_group_name(file->private_data, name, size);
	return type1_context_of_group(file->private_data, ctx);
}

int vfio_context(const struct vfio *vfio, struct file *file, enum dmaown_via via,
		 struct context *ctx, char *name, size_t size)
{
	*ctx = (struct context){};
	if (via == DMAOWN_VIA_GROUP)
		return context_of_group_file(file, ctx, name, size);
	return context_of_device_file(vfio, file, ctx, name, size);
}

/*
 * df->iommufd is set under dev_set->lock when the device is bound, and then left as it is (kernel:
 * device_cdev.c); an error pointer, or one that is taken back, for a moment while it cannot be
 * bound.
 */
const void *vfio_context_hint(struct file *file, enum dmaown_via via)
{
	const struct layout_vfio_device_file *df = file->private_data;
	const void *ictx;

	if (via == DMAOWN_VIA_GROUP)
		return type1_group_hint(file->private_data);
	ictx = READ_ONCE(df->iommufd);
	if (!ictx && df->group)
		return type1_group_hint((struct vfio_group *)df->group);
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

int vfio_context(const struct vfio *vfio, struct file *file, enum dmaown_via via,
		 struct context *ctx, char *name, size_t size)
{
	*ctx = (struct context){};
	return 0;
}

const void *vfio_context_hint(struct file *file, enum dmaown_via via)
{
	return NULL;
}
#endif

struct context vfio_container(const struct vfio *vfio, struct file *file)
{
	return vfio->file_is_valid ? type1_context(file) : (struct context){};
}

bool vfio_file_via(const struct vfio *vfio, struct file *file, enum dmaown_via *via)
{
	if (!vfio->file_is_valid || !vfio->file_is_valid(file))
		return false;
	*via = vfio->file_is_group(file) ? DMAOWN_VIA_GROUP : DMAOWN_VIA_DEVICE;
	return true;
}

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
#include <linux/notifier.h>
#include <linux/vfio.h>

#include "private.h"

#if LAYOUT_VFIO
static int check_layout(void)
{
	static const u8 expected[] = LAYOUT_VFIO_BUILD_ID_BYTES;
	char found[BUILDID_TEXT] = "none";

	int ret;

	ret = buildid_check(LAYOUT_VFIO_BUILTIN ? NULL : "vfio", expected, sizeof(expected), found);
	if (!ret || ret == -ENOMEM)
		return ret;
	pr_warn_once("%s: built for the vfio with build ID %s, but the one that is loaded has build ID %s: contexts held by device files only are not seen; build this module again for the running kernel\n",
		     KBUILD_MODNAME, LAYOUT_VFIO_BUILD_ID, found);
	return -ENOENT;
}

/*
 * What is known of the vfio that is loaded. It is learnt under the mutex, with the module held, and
 * forgotten when a module goes, which VFIO's does when nobody holds it: so whoever holds it and
 * finds it known needs no lock. To learn it once more changes nothing.
 */
static DEFINE_MUTEX(learning);
static struct {
	bool known;
	bool fits;
	struct vfio vfio;
} learnt;

/* Those that are of the module that is held already. */
static bool learn_symbols(void)
{
	learnt.vfio.file_is_group = symbol_get(vfio_file_is_group);
	if (learnt.vfio.file_is_group)
		symbol_put(vfio_file_is_group);
	learnt.vfio.device_ictx = symbol_get(vfio_iommufd_device_ictx);
	if (learnt.vfio.device_ictx)
		symbol_put(vfio_iommufd_device_ictx);
	return learnt.vfio.file_is_group && learnt.vfio.device_ictx;
}

static int learn(void)
{
	int ret = 0;

	mutex_lock(&learning);
	if (!learnt.known)
		ret = check_layout();
	if (!learnt.known && ret != -ENOMEM) {
		learnt.fits = learn_symbols() && !ret;
		/* After all the rest. */
		smp_store_release(&learnt.known, true);
	}
	mutex_unlock(&learning);
	return ret == -ENOMEM ? ret : 0;
}

int vfio_begin(struct vfio *vfio)
{
	bool (*file_is_valid)(struct file *file) = symbol_get(vfio_file_is_valid);
	int ret = 0;

	*vfio = (struct vfio){};
	if (!file_is_valid)
		return -ENOENT;
	/* Before all the rest. */
	if (!smp_load_acquire(&learnt.known))
		ret = learn();
	if (ret || !learnt.fits) {
		symbol_put(vfio_file_is_valid);
		return ret ?: -ENOENT;
	}
	*vfio = learnt.vfio;
	vfio->file_is_valid = file_is_valid;
	return 0;
}

void vfio_end(struct vfio *vfio)
{
	if (vfio->file_is_valid)
		symbol_put(vfio_file_is_valid);
	*vfio = (struct vfio){};
}

static int forget(struct notifier_block *nb, unsigned long state, void *data)
{
	if (state == MODULE_STATE_GOING)
		WRITE_ONCE(learnt.known, false);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = forget };

int vfio_watch(void)
{
	return register_module_notifier(&notifier);
}

void vfio_unwatch(void)
{
	unregister_module_notifier(&notifier);
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

struct iommufd_ctx *vfio_context(const struct vfio *vfio, struct file *file, char *name,
				 size_t size)
{
	const struct layout_vfio_device_file *df = file->private_data;
	struct vfio_device *vdev = df->device;
	struct iommufd_ctx *ictx;

	/* The file keeps the device registered, and df->device is set before the file exists. */
	strscpy(name, dev_name(vdev->dev), size);
	if (!mutex_trylock(&vdev->dev_set->lock))
		return ERR_PTR(-EAGAIN);
	ictx = context_of_device(vfio, df);
	if (ictx)
		context_get(ictx);
	mutex_unlock(&vdev->dev_set->lock);
	return ictx;
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
int vfio_watch(void)
{
	return 0;
}

void vfio_unwatch(void)
{
}

int vfio_begin(struct vfio *vfio)
{
	*vfio = (struct vfio){};
	return -ENOENT;
}

void vfio_end(struct vfio *vfio)
{
}

struct iommufd_ctx *vfio_context(const struct vfio *vfio, struct file *file, char *name,
				 size_t size)
{
	return NULL;
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

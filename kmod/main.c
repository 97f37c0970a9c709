// SPDX-License-Identifier: GPL-2.0-only
/* What the module consists of. */
#include <linux/module.h>
#include <linux/string.h>

#include "charge.h"
#include "debugfs.h"
#include "device.h"
#include "dump.h"
#include "id.h"
#include "iommufd.h"
#include "netlink.h"
#include "build.h"
#include "transfer.h"
#include "type1.h"
#include "vfio.h"

static int fill_iommufd(struct record_status *rec)
{
	char build_id[BUILDID_TEXT];
	struct iommufd iommufd;
	int ret;

	ret = iommufd_begin(&iommufd);
	if (ret == -ENOMEM)
		return ret;
	iommufd_end(&iommufd);
	record_set(rec, status, iommufd, !ret);
	iommufd_layout_build_id(build_id);
	if (!*build_id)
		return 0;
	record_set_string(rec, status, subject, iommufd_layout_subject());
	record_set_string(rec, status, build_id, build_id);
	return 0;
}

static int fill_vfio(struct record_status *rec)
{
	char build_id[BUILDID_TEXT];
	struct vfio vfio;
	int ret;

	ret = vfio_begin(&vfio);
	if (ret == -ENOMEM)
		return ret;
	vfio_end(&vfio);
	record_set(rec, status, vfio, !ret);
	record_set(rec, status, type1, !ret && type1_fits());
	type1_layout_build_id(build_id);
	if (*build_id)
		record_set_string(rec, status, type1_id, build_id);
	return 0;
}

int status_fill(struct record_status *rec)
{
	int ret = fill_iommufd(rec) ?: fill_vfio(rec);

	if (ret)
		return ret;
	record_set_string(rec, status, version, DMAOWN_VERSION);
	record_set_string(rec, status, kernel, builds_kernel());
	transfer_status(rec);
	return 0;
}

/* What is loaded later is proven when it is first used. */
static int __init prove(void)
{
	struct iommufd iommufd;
	struct vfio vfio;
	int ret;

	ret = iommufd_begin(&iommufd);
	iommufd_end(&iommufd);
	if (ret && ret != -ENOENT)
		return ret;
	ret = vfio_begin(&vfio);
	vfio_end(&vfio);
	return ret == -ENOENT ? 0 : ret;
}

static int __init dmaown_init(void)
{
	int ret;

	id_init();
	ret = builds_watch();
	if (ret)
		return ret;
	ret = prove() ?: charge_init();
	if (ret)
		goto out_builds;
	ret = netlink_init();
	if (ret)
		goto out_charge;
	ret = device_init();
	if (ret)
		goto out_netlink;
	debugfs_init();
	return 0;

out_netlink:
	netlink_exit();
out_charge:
	charge_exit();
out_builds:
	builds_unwatch();
	return ret;
}

/* Nobody can be inside: each way in holds the module, or is waited for. */
static void __exit dmaown_exit(void)
{
	debugfs_exit();
	device_exit();
	netlink_exit();
	charge_exit();
	builds_unwatch();
}

module_init(dmaown_init);
module_exit(dmaown_exit);

MODULE_DESCRIPTION("Shows and moves ownership of the memory that iommufd and VFIO keep pinned");
MODULE_LICENSE("GPL");
MODULE_VERSION(DMAOWN_VERSION);

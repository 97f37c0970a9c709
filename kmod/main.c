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
#include "proof.h"
#include "transfer.h"
#include "vfio.h"

int status_fill(struct record_status *rec)
{
	struct vfio vfio;
	char build_id[BUILDID_TEXT];
	int ret;

	ret = vfio_begin(&vfio);
	if (ret == -ENOMEM)
		return ret;
	vfio_end(&vfio);

	iommufd_layout_build_id(build_id);
	record_set_string(rec, status, version, DMAOWN_VERSION);
	record_set_string(rec, status, kernel, proofs_kernel());
	record_set_string(rec, status, subject, iommufd_layout_subject());
	record_set_string(rec, status, build_id, build_id);
	record_set(rec, status, vfio, !ret);
	transfer_status(rec);
	return 0;
}

/* One that is loaded later is proven when it is first used. */
static int __init prove_iommufd(void)
{
	struct iommufd iommufd;
	int ret = iommufd_begin(&iommufd);

	iommufd_end(&iommufd);
	return ret == -ENOENT ? 0 : ret;
}

static int __init dmaown_init(void)
{
	int ret;

	id_init();
	ret = proofs_watch();
	if (ret)
		return ret;
	ret = prove_iommufd() ?: charge_init();
	if (ret)
		goto out_proofs;
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
out_proofs:
	proofs_unwatch();
	return ret;
}

/* Nobody can be inside: each way in holds the module, or is waited for. */
static void __exit dmaown_exit(void)
{
	debugfs_exit();
	device_exit();
	netlink_exit();
	charge_exit();
	proofs_unwatch();
}

module_init(dmaown_init);
module_exit(dmaown_exit);

MODULE_DESCRIPTION("Shows and moves ownership of the memory that iommufd keeps pinned");
MODULE_LICENSE("GPL");
MODULE_VERSION(DMAOWN_VERSION);

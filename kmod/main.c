// SPDX-License-Identifier: GPL-2.0-only
/* The parts of the module, in the order in which they are initialised. */
#include <linux/module.h>

#include "debugfs.h"
#include "device.h"
#include "id.h"
#include "kinds.h"
#include "netlink.h"
#include "provenance.h"
#include "transfer/charge.h"

static int __init dmaown_init(void)
{
	int ret;

	dmaown_id_init();
	ret = dmaown_provenance_init();
	if (ret)
		return ret;
	ret = dmaown_kinds_prove();
	if (ret)
		goto out_provenance;
	ret = dmaown_charges_init();
	if (ret)
		goto out_provenance;
	ret = dmaown_netlink_init();
	if (ret)
		goto out_charges;
	ret = dmaown_device_init();
	if (ret)
		goto out_netlink;
	dmaown_debugfs_init();
	return 0;

out_netlink:
	dmaown_netlink_exit();
out_charges:
	dmaown_charges_exit();
out_provenance:
	dmaown_provenance_exit();
	return ret;
}

/* No thread is inside the module: each entry point holds a reference on it, or is waited for. */
static void __exit dmaown_exit(void)
{
	dmaown_debugfs_exit();
	dmaown_device_exit();
	dmaown_netlink_exit();
	dmaown_charges_exit();
	dmaown_provenance_exit();
}

module_init(dmaown_init);
module_exit(dmaown_exit);

MODULE_DESCRIPTION("Shows and moves ownership of the memory that iommufd and VFIO keep pinned");
MODULE_LICENSE("GPL");
MODULE_VERSION(DMAOWN_VERSION);

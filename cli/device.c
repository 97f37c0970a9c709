// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <fcntl.h>

#include "channel.h"
#include "device.h"
#include "exits.h"

int device_open(int *device)
{
	*device = open(DMAOWN_DEVICE, O_RDWR | O_CLOEXEC);
	if (*device >= 0)
		return 0;
	if (errno == EPERM || errno == EACCES)
		return not_allowed();
	if ((errno == ENOENT || errno == ENXIO || errno == ENODEV) && !module_loaded())
		return module_missing();
	warn("cannot open %s", DMAOWN_DEVICE);
	return EXIT_OTHER;
}

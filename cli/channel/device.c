// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <fcntl.h>

#include "channel.h"
#include "device.h"
#include "exit_status.h"

static int explain(int error)
{
	if (is_denied(-error))
		return not_allowed();
	if ((error == ENOENT || error == ENXIO || error == ENODEV) && !module_loaded())
		return module_missing();
	errno = error;
	warn("cannot open %s", DMAOWN_DEVICE);
	return EXIT_OTHER;
}

int device_open(int *device)
{
	int error, status;

	*device = open(DMAOWN_DEVICE, O_RDWR | O_CLOEXEC);
	if (*device >= 0)
		return 0;
	error = errno;
	status = explain(error);
	errno = error;
	return status;
}

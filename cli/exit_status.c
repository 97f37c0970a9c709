// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "exit_status.h"

int exit_of_errno(int error)
{
	switch (error) {
	case 0:
		return EXIT_DONE;
	case ENOENT:
		return EXIT_NOTHING;
	case ESRCH:
		return EXIT_NO_PROCESS;
	case ENOMEM:
		return EXIT_LIMIT;
	case ENXIO:
		return EXIT_OTHER_MEMORY;
	case EINVAL:
		return EXIT_REMAP;
	case EBUSY:
		return EXIT_BUSY;
	case EXDEV:
		return EXIT_NOT_HELD;
	case EINTR:
		return EXIT_INTERRUPTED;
	case EPERM:
	case EACCES:
		return EXIT_NOT_ALLOWED;
	default:
		return EXIT_OTHER;
	}
}

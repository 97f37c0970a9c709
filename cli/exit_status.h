/* SPDX-License-Identifier: GPL-2.0-only */
/* Exit statuses, which scripts rely on. */
#ifndef DMAOWN_CLI_EXIT_STATUS_H
#define DMAOWN_CLI_EXIT_STATUS_H

enum {
	EXIT_DONE = 0,
	EXIT_OTHER = 1,
	EXIT_FOUND = 2,		/* can-exit and verify: there are findings */
	EXIT_NOTHING = 3,	/* ENOENT */
	EXIT_NO_PROCESS = 10,	/* ESRCH */
	EXIT_LIMIT = 11,	/* ENOMEM */
	EXIT_OTHER_MEMORY = 12, /* ENXIO */
	EXIT_REMAP = 13,	/* EINVAL */
	EXIT_BUSY = 14,		/* EBUSY */
	EXIT_NOT_HELD = 15,	/* EXDEV */
	EXIT_USAGE = 64,
	EXIT_NOT_LOADED = 69,
	EXIT_INTERRUPTED = 75, /* EINTR */
	EXIT_NOT_ALLOWED = 77, /* EPERM */
};

/* Return: the exit status for an errno of the transfer ioctl or of a refusal. */
int exit_of_errno(int error);

#endif

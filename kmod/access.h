/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_ACCESS_H
#define DMAOWN_ACCESS_H

#include <linux/capability.h>

/*
 * Is the caller allowed to list and transfer? The capabilities are those that allow a process to
 * read and change the memory of any other. Both count in the initial user namespace only.
 */
static inline bool access_allowed(void)
{
	return capable(CAP_SYS_ADMIN) && capable(CAP_SYS_PTRACE);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_ACCESS_H
#define DMAOWN_ACCESS_H

#include <linux/capability.h>

/*
 * Who may look and move: whoever could read and change any process's memory anyway. Both
 * capabilities count in the initial user namespace only.
 */
static inline bool access_allowed(void)
{
	return capable(CAP_SYS_ADMIN) && capable(CAP_SYS_PTRACE);
}

#endif

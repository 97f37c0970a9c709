/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_TRIES_H
#define DMAOWN_TRIES_H

#include <linux/delay.h>
#include <linux/types.h>

/* How often something that somebody else has locked is tried for, before it counts as locked. */
#define LOCK_TRIES	256

/* Waits a little, some 75 µs, if there are tries left, and takes one; false if there are none. */
static inline bool try_again(unsigned int *tries)
{
	if (!*tries)
		return false;
	--*tries;
	usleep_range(50, 100);
	return true;
}

#endif

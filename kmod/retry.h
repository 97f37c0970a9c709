/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_RETRY_H
#define DMAOWN_RETRY_H

#include <linux/delay.h>
#include <linux/types.h>

/* Attempts to take a lock of another thread before it counts as busy */
#define LOCK_TRIES 256

/* Use one of the tries that are left, and wait about 75 µs. Return: false if no try is left. */
static inline bool lock_retry(unsigned int *tries)
{
	if (!*tries)
		return false;
	--*tries;
	usleep_range(50, 100);
	return true;
}

#endif

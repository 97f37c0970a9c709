/* SPDX-License-Identifier: GPL-2.0-only */
/* The pause between two attempts, if something was in flux or locked. */
#ifndef DMAOWN_TRANSFER_PAUSE_H
#define DMAOWN_TRANSFER_PAUSE_H

#include <linux/ktime.h>
#include <linux/time64.h>
#include <linux/types.h>

#define PAUSE_MIN_NS (50 * NSEC_PER_USEC)

/*
 * Sleep for *wait_ns, plus or minus a half, but not beyond the deadline. Begin with PAUSE_MIN_NS:
 * each call doubles *wait_ns, up to 5 ms. Return: 0; -EBUSY at the deadline; or -EINTR.
 */
int dmaown_pause(ktime_t deadline, u64 *wait_ns);

#endif

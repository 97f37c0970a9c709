/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bound the time that is spent on waiting for locks of other threads.
 *
 * A pause can take a hundred times as long as it should, on a debug kernel or beside other work. So
 * the time that has passed counts, not the number of pauses. But a single long pause must not use
 * up all the time: on such a machine whoever holds the lock is slow, too.
 */
#ifndef DMAOWN_RETRY_H
#define DMAOWN_RETRY_H

#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/types.h>

/* Time to wait in all, in milliseconds, while memory is compared */
#define COMPARE_WAIT 20

/* Pauses that are granted even if they take longer than the time */
#define LEAST_PAUSES 16

/* The time left. When it and the least pauses are used up, a lock that is held counts as busy. */
struct wait_budget {
	s64 left_ns; /* negative if pauses were longer than what was left */
	unsigned int least_pauses;
};

static inline struct wait_budget wait_budget_of(unsigned int ms)
{
	return (struct wait_budget){ (s64)ms * NSEC_PER_MSEC, LEAST_PAUSES };
}

/* Wait for this time, or up to twice as long. Return: false if no time is left. */
static inline bool lock_retry_after(struct wait_budget *budget, unsigned int us)
{
	ktime_t begin = ktime_get();

	if (budget->left_ns <= 0 && !budget->least_pauses)
		return false;
	if (budget->least_pauses)
		budget->least_pauses--;
	usleep_range(us, 2 * us);
	budget->left_ns -= ktime_to_ns(ktime_sub(ktime_get(), begin));
	return true;
}

static inline bool lock_retry(struct wait_budget *budget)
{
	return lock_retry_after(budget, 50);
}

#endif

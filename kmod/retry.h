/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bound the time that is spent on waiting for locks of other threads.
 *
 * A pause can take a hundred times as long as it should, on a debug kernel or beside other work.
 * Whoever holds the lock is slow there, too: so a pause counts as at most the longest that was
 * asked for, and all of them may take up to SLOWNESS times as long.
 */
#ifndef DMAOWN_RETRY_H
#define DMAOWN_RETRY_H

#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/types.h>

/* Time to wait in all, in milliseconds, while memory is compared */
#define COMPARE_WAIT 20

#define SLOWNESS 25

/* The time left. When it is used up, a lock that is held counts as busy. */
struct wait_budget {
	s64 left_ns;   /* negative if the last pause was longer than what was left */
	s64 most_ns;   /* the time that pauses may take in fact */
	s64 waited_ns; /* the time that they have taken */
};

static inline struct wait_budget wait_budget_of(unsigned int ms)
{
	s64 ns = (s64)ms * NSEC_PER_MSEC;

	return (struct wait_budget){ .left_ns = ns, .most_ns = SLOWNESS * ns };
}

/* Wait for this time, or up to twice as long. Return: false if no time is left. */
static inline bool lock_retry_after(struct wait_budget *budget, unsigned int us)
{
	s64 longest_ns = (s64)us * 2 * NSEC_PER_USEC;
	ktime_t begin = ktime_get();
	s64 passed_ns;

	if (budget->left_ns <= 0 || budget->waited_ns >= budget->most_ns)
		return false;
	usleep_range(us, 2 * us);
	passed_ns = ktime_to_ns(ktime_sub(ktime_get(), begin));
	budget->waited_ns += passed_ns;
	budget->left_ns -= min(passed_ns, longest_ns);
	return true;
}

static inline bool lock_retry(struct wait_budget *budget)
{
	return lock_retry_after(budget, 50);
}

#endif

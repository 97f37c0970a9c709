// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/hrtimer.h>
#include <linux/minmax.h>
#include <linux/random.h>
#include <linux/sched/signal.h>

#include "pause.h"

#define PAUSE_MAX_NS (5 * NSEC_PER_MSEC)

int dmaown_pause(ktime_t deadline, u64 *wait_ns)
{
	/* Two calls that are in each other's way must not retry at the same time. */
	u64 ns = *wait_ns / 2 + get_random_u32_below(*wait_ns);
	ktime_t until = ktime_add_ns(ktime_get(), ns);

	if (ktime_compare(ktime_get(), deadline) >= 0)
		return -EBUSY;
	if (ktime_compare(until, deadline) > 0)
		until = deadline;
	*wait_ns = min_t(u64, *wait_ns * 2, PAUSE_MAX_NS);

	set_current_state(TASK_INTERRUPTIBLE);
	if (!signal_pending(current))
		schedule_hrtimeout(&until, HRTIMER_MODE_ABS);
	__set_current_state(TASK_RUNNING);
	return signal_pending(current) ? -EINTR : 0;
}

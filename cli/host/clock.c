// SPDX-License-Identifier: GPL-2.0-only
#include <time.h>

#include "clock.h"

uint64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

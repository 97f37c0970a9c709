/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_CLI_COUNTERS_H
#define DMAOWN_CLI_COUNTERS_H

#include "health.h"

/*
 * Add a finding for each counter that does not add up: of the owners as they are in health, and of
 * the processes that hold a context. The owners are read again as long as what is found does not
 * stay the same: pages are pinned, counted and charged one after the other. 0 or -errno.
 */
int counters_check(struct health *health);

#endif

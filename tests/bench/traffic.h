/* SPDX-License-Identifier: GPL-2.0-only */
/* Traffic: a thread that maps and unmaps one page all the time, and measures each call. */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <stdint.h>

#include "stage.h"

/* Maps the page. Call this before the players are made: they must have the page as well. */
void traffic_prepare(void);

/*
 * Starts the thread, in the context and IOAS of the stage; it maps by file if the stage does. There
 * is at most one such thread.
 */
void traffic_begin(const struct stage *stage);
void traffic_end(void);

/* Starts a measurement. */
void traffic_mark(void);

/*
 * Return: the longest time of an IOMMU_IOAS_MAP or IOMMU_IOAS_UNMAP since traffic_mark(), including
 * the call that is in progress.
 */
uint64_t traffic_longest(void);

#endif

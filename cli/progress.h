/* SPDX-License-Identifier: GPL-2.0-only */
/* What a transfer is about, while it takes longer than a second: a line on the terminal. */
#ifndef DMAOWN_CLI_PROGRESS_H
#define DMAOWN_CLI_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct transfer;

struct progress {
	pthread_t thread;
	bool runs;		/* the thread does */
	int end;		/* eventfd that ends it */
	uint32_t caller;	/* ourselves as events name us; 0: not known */
	uint32_t timeout;	/* of the transfer, in seconds */
	uint64_t begin;		/* CLOCK_MONOTONIC, in milliseconds */
	uint64_t done, total;	/* bytes compared; total is 0 as long as nothing has been told */
	int shown;		/* columns that the line takes */
};

/*
 * Only if standard error is a terminal, and people are told at all; progress_end() is called in any
 * case, before anything else is written. device is /dev/dmaown.
 */
void progress_begin(struct progress *progress, const struct transfer *transfer, int device);
void progress_end(struct progress *progress);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* A progress line on the terminal, once a transfer has lasted a second. */
#ifndef DMAOWN_CLI_TRANSFER_PROGRESS_H
#define DMAOWN_CLI_TRANSFER_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "request.h"

struct progress {
	pthread_t thread;
	bool runs;	  /* the thread was started */
	int end;	  /* eventfd that ends the thread */
	uint32_t caller;  /* PID of this process in the module's events; 0: unknown */
	uint32_t timeout; /* of the transfer, in seconds */
	uint64_t begin;	  /* monotonic_ms() */
	uint64_t done;	  /* bytes compared */
	uint64_t total;	  /* bytes to compare; 0 before the first event */
	int shown;	  /* columns that the line takes */
};

/*
 * Start the progress line if standard error is a terminal and the request is neither quiet nor for
 * JSON. progress_end() is called in any case, before anything else is written.
 * @device: descriptor of /dev/dmaown
 */
void progress_begin(struct progress *progress, const struct transfer_request *request, int device);
void progress_end(struct progress *progress);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Raising the RLIMIT_MEMLOCK of a process, and putting it back. */
#ifndef DMAOWN_CLI_LIMIT_H
#define DMAOWN_CLI_LIMIT_H

#include <sys/resource.h>

#include "process.h"

struct limit {
	enum {
		LIMIT_AS_IT_WAS,
		LIMIT_WOULD_BE_RAISED,
		LIMIT_RAISED,
		LIMIT_PUT_BACK,
		LIMIT_LEFT,		/* as somebody else has set it since it was raised */
	} state;
	uint32_t pid;
	int pidfd;
	struct rlimit from, to;
};

/*
 * See what the limits are, and what they would have to be for that many bytes: the soft one exactly
 * that, the hard one no less. device is /dev/dmaown. 0 or -errno.
 */
int limit_open(struct limit *limit, int device, const struct process_ref *process, uint64_t need);
void limit_close(struct limit *limit);

/* Is there no room as it is? */
bool limit_is_short(const struct limit *limit);

/* 0 or -errno. -EAGAIN: somebody else has changed it since; -ESRCH: the process is gone. */
int limit_raise(struct limit *limit);
/* Only if it still is as it was set. */
void limit_put_back(struct limit *limit);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Raise the RLIMIT_MEMLOCK of a process, and put it back. */
#ifndef DMAOWN_CLI_QUERY_LIMIT_H
#define DMAOWN_CLI_QUERY_LIMIT_H

#include <stdint.h>
#include <sys/resource.h>

#include "process.h"

struct limit {
	enum {
		LIMIT_AS_IT_WAS,
		LIMIT_WOULD_BE_RAISED,
		LIMIT_RAISED,
		LIMIT_PUT_BACK,
		LIMIT_LEFT, /* another process has changed it since it was raised */
	} state;
	uint32_t pid;
	int pidfd;
	struct rlimit from, to;
};

/*
 * Read the limits, and compute the ones needed for that many bytes. The soft limit becomes exactly
 * that, unless it is higher; the hard limit at least that.
 * @device: descriptor of /dev/dmaown
 * Return: 0 or -errno.
 */
int limit_open(struct limit *limit, int device, const struct process_ref *process, uint64_t need);
void limit_close(struct limit *limit);

/* Is the present soft limit too low? */
bool limit_is_short(const struct limit *limit);

/*
 * Return: 0, -EAGAIN if another process has changed the limits since limit_open(), -ESRCH if the
 * process has exited, or another -errno.
 */
int limit_raise(struct limit *limit);

/* Undo limit_raise(), unless another process has changed the limits since. */
void limit_put_back(struct limit *limit);

/*
 * Make the prlimit(1) command that lets a process lock that many bytes, in whole pages. The command
 * leaves the hard limit alone, unless that is too low.
 * Return: a string for the caller to free, or NULL without memory.
 */
char *limit_command(uint32_t pid, uint64_t bytes);

#endif

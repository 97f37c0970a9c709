// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "limit.h"

static rlim_t greater(rlim_t a, rlim_t b)
{
	return a > b ? a : b;
}

int limit_open(struct limit *limit, int device, const struct process_ref *process, uint64_t need)
{
	int rc;

	*limit = (struct limit){ .pid = process->process.pid };
	limit->pidfd = process_open(device, process);
	if (limit->pidfd < 0)
		return limit->pidfd;
	if (prlimit(limit->pid, RLIMIT_MEMLOCK, NULL, &limit->from)) {
		rc = -errno;
		limit_close(limit);
		return rc;
	}
	/* RLIM_INFINITY is the highest number. */
	limit->to.rlim_cur = greater(limit->from.rlim_cur, need);
	limit->to.rlim_max = greater(limit->from.rlim_max, limit->to.rlim_cur);
	return 0;
}

void limit_close(struct limit *limit)
{
	close(limit->pidfd);
}

bool limit_is_short(const struct limit *limit)
{
	return limit->to.rlim_cur > limit->from.rlim_cur;
}

static bool same(const struct rlimit *a, const struct rlimit *b)
{
	return a->rlim_cur == b->rlim_cur && a->rlim_max == b->rlim_max;
}

/* Has the process not been reaped? No other process can have its PID before that. */
static bool still_there(const struct limit *limit)
{
	return !syscall(SYS_pidfd_send_signal, limit->pidfd, 0, NULL, 0) || errno != ESRCH;
}

/* Replace the limits if they are still equal to from. Return: 0 or -errno. */
static int replace(const struct limit *limit, const struct rlimit *from, const struct rlimit *to)
{
	struct rlimit now;
	bool there;

	if (prlimit(limit->pid, RLIMIT_MEMLOCK, NULL, &now))
		return -errno;
	if (!same(&now, from))
		return -EAGAIN;
	if (prlimit(limit->pid, RLIMIT_MEMLOCK, to, &now))
		return -errno;
	there = still_there(limit);
	if (there && same(&now, from))
		return 0;
	/* Another process has the PID now, or has changed the limits in between: undo. */
	prlimit(limit->pid, RLIMIT_MEMLOCK, &now, NULL);
	return there ? -EAGAIN : -ESRCH;
}

int limit_raise(struct limit *limit)
{
	int rc = replace(limit, &limit->from, &limit->to);

	if (!rc)
		limit->state = LIMIT_RAISED;
	return rc;
}

void limit_put_back(struct limit *limit)
{
	int rc = replace(limit, &limit->to, &limit->from);

	/* The limits of a process that has exited are gone. */
	limit->state = rc && rc != -ESRCH ? LIMIT_LEFT : LIMIT_PUT_BACK;
}

/* prlimit(1) sets both limits, but with a colon after the value only the soft one. */
char *limit_command(uint32_t pid, uint64_t bytes)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	uint64_t wanted = (bytes + page - 1) / page * page;
	struct rlimit now;
	bool soft = !prlimit(pid, RLIMIT_MEMLOCK, NULL, &now) && now.rlim_max >= wanted;
	char *text;

	if (asprintf(&text, "prlimit --pid %" PRIu32 " --memlock=%" PRIu64 "%s", pid, wanted,
		     soft ? ":" : "") < 0)
		return NULL;
	return text;
}

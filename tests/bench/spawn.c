// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "spawn.h"
#include "tap.h"

static uint64_t lines_in(const char *text, size_t size)
{
	const char *at = text, *end = text + size;
	uint64_t lines = 0;

	while ((at = memchr(at, '\n', end - at))) {
		lines++;
		at++;
	}
	return lines;
}

static void read_lines(int fd, uint64_t began, struct spawned *spawned)
{
	static char buffer[65536];
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
		uint64_t time = now();

		spawned->lines += lines_in(buffer, n);
		if (spawned->lines && !spawned->first_ns)
			spawned->first_ns = time - began;
	}
	need(!n, "output of a command");
}

struct spawned spawn(const char *const *argv)
{
	struct spawned spawned = { 0 };
	struct rusage usage;
	int ends[2], status;
	uint64_t began;
	pid_t pid;

	fflush(stdout);
	need(!pipe2(ends, O_CLOEXEC), "pipe");
	began = now();
	/* Do not use vfork(): the caller's memory would count as memory of the command. */
	pid = fork();
	need(pid >= 0, "fork");
	if (!pid) {
		dup2(ends[1], 1);
		/* The command must not hold a context. */
		close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(ends[1]);
	read_lines(ends[0], began, &spawned);
	need(wait4(pid, &status, 0, &usage) == pid, "wait4");
	spawned.whole_ns = now() - began;
	close(ends[0]);
	errno = EPROTO;
	need(WIFEXITED(status) && !WEXITSTATUS(status), argv[0]);
	spawned.peak = usage.ru_maxrss * 1024ull;
	return spawned;
}

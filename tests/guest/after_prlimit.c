// SPDX-License-Identifier: GPL-2.0-only
/*
 * Library to preload: runs the shell command in $AFTER_PRLIMIT once, after the first prlimit() call
 * that sets a limit. This lets a test act between the raising of a limit and the transfer.
 */
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int prlimit(pid_t pid, enum __rlimit_resource resource, const struct rlimit *new_limit,
	    struct rlimit *old_limit)
{
	const char *command = getenv("AFTER_PRLIMIT");
	int ret = syscall(SYS_prlimit64, pid, resource, new_limit, old_limit);

	if (ret || !new_limit || !command)
		return ret;
	unsetenv("LD_PRELOAD");
	ret = system(command);
	unsetenv("AFTER_PRLIMIT");
	return ret ? abort(), -1 : 0;
}

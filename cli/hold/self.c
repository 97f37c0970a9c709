// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "exit_status.h"
#include "self.h"

#define OOM_FILE  "/proc/self/oom_score_adj"
#define OOM_NEVER "-1000"

void hold_self_block(struct hold_self *before)
{
	sigset_t all;

	/* While SIGCHLD is ignored, it is not sent, and there is no exit status of the child. */
	before->child = signal(SIGCHLD, SIG_DFL);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before->signals);
}

static int read_oom(char *text, size_t size)
{
	int fd = open(OOM_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read(fd, text, size - 1);
	close(fd);
	if (length <= 0)
		return -EIO;
	text[length] = '\0';
	return 0;
}

static int write_oom(const char *text)
{
	int fd = open(OOM_FILE, O_WRONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return -errno;
	rc = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

static int set_oom(struct hold_self *before)
{
	int rc = read_oom(before->oom, sizeof(before->oom)) ?: write_oom(OOM_NEVER);

	if (!rc)
		return 0;
	warnx("cannot exempt this process from the OOM killer (" OOM_FILE "): %s", strerror(-rc));
	return EXIT_OTHER;
}

static int set_limit(struct hold_self *before, const struct process_ref *process)
{
	uint32_t pid = process->process.pid;
	struct rlimit limit;

	if (!prlimit(0, RLIMIT_MEMLOCK, NULL, &before->memlock) &&
	    !prlimit(pid, RLIMIT_MEMLOCK, NULL, &limit) &&
	    !prlimit(0, RLIMIT_MEMLOCK, &limit, NULL))
		return 0;
	warn("cannot take over RLIMIT_MEMLOCK of process %" PRIu32, pid);
	return EXIT_OTHER;
}

/*
 * Set the real UID, which is the one that is charged. Keep the effective UID: it carries the
 * privileges. The kernel drops capabilities only when none of the UIDs is root any longer.
 */
static int set_user(struct hold_self *before, const struct process_ref *process)
{
	before->uid = getuid();
	if (before->uid == process->uid || !setresuid(process->uid, -1, -1))
		return 0;
	warn("cannot run as user %" PRIu32 " of process %" PRIu32, process->uid,
	     process->process.pid);
	return EXIT_OTHER;
}

int hold_self_become(struct hold_self *before, const struct process_ref *process)
{
	return set_oom(before) ?: set_limit(before, process) ?: set_user(before, process);
}

int hold_self_restore(const struct hold_self *before)
{
	int rc = write_oom(before->oom);

	if (rc)
		return rc;
	if (setresuid(before->uid, -1, -1) || setrlimit(RLIMIT_MEMLOCK, &before->memlock) ||
	    signal(SIGCHLD, before->child) == SIG_ERR ||
	    sigprocmask(SIG_SETMASK, &before->signals, NULL))
		return -errno;
	return 0;
}

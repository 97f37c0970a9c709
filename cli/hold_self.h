/* SPDX-License-Identifier: GPL-2.0-only */
/* What hold makes of itself while it stands in for a process, and what its command is spared. */
#ifndef DMAOWN_CLI_HOLD_SELF_H
#define DMAOWN_CLI_HOLD_SELF_H

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "process.h"

struct hold_self {
	uid_t uid;
	struct rlimit memlock;
	char oom[16];
	sigset_t signals;		/* that were blocked */
	sighandler_t child;		/* of SIGCHLD: by default, or ignored */
};

/* No signal but SIGKILL and SIGSTOP has an effect from here on: see signalfd(2). */
void hold_self_block(struct hold_self *before);

/*
 * Be charged as the process is: as its user, against the limit that it has. And not be killed when
 * memory is short. 0, or an exit status with a message.
 */
int hold_self_become(struct hold_self *before, const struct process_ref *process);

/* All of it as it was before, in a child. 0 or -errno. */
int hold_self_restore(const struct hold_self *before);

#endif

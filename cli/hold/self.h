/* SPDX-License-Identifier: GPL-2.0-only */
/* Attributes of this process while it stands in for another one; the command gets them undone. */
#ifndef DMAOWN_CLI_HOLD_SELF_H
#define DMAOWN_CLI_HOLD_SELF_H

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "query/process.h"

/* The attributes before. */
struct hold_self {
	uid_t uid;
	struct rlimit memlock;
	char oom[16];	    /* oom_score_adj */
	sigset_t signals;   /* blocked signals */
	sighandler_t child; /* handler of SIGCHLD: default or ignored */
};

/*
 * Block all signals, to read them from a descriptor: see signalfd(2). SIGKILL and SIGSTOP cannot be
 * blocked.
 */
void hold_self_block(struct hold_self *before);

/*
 * Take the user and the limit of the process, in order to be charged as it is. Be exempt from being
 * killed when memory is short. Return: 0, or an exit status after a message.
 */
int hold_self_become(struct hold_self *before, const struct process_ref *process);

/* Undo both functions, in a child. Return: 0 or -errno. */
int hold_self_restore(const struct hold_self *before);

#endif

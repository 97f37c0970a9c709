/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes: what the host says about them, and naming them to the module. */
#ifndef DMAOWN_CLI_PROCESS_H
#define DMAOWN_CLI_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <dmaown.h>

struct channel;

/*
 * The unit that a process belongs to by the contents of its /proc/PID/cgroup: the last component of
 * the path that is one for systemd, else the path. NULL: there is none. The caller frees it.
 */
char *unit_of_cgroup(const char *contents);
char *unit_of_process(uint32_t pid);

/* The name of a user, or the number where there is none. The caller frees it. */
char *user_name(uint32_t uid);

/* A process as it is named on the command line: PID, PID:INODE of its pidfd, or 0xOWNER. */
struct process_name {
	uint32_t pid;		/* 0: by owner ID */
	ino_t inode;		/* 0: not given */
	uint64_t owner;
};

bool process_parse(const char *text, struct process_name *name);

/* What came of it: for messages, and for the ioctl. */
struct process_ref {
	struct dmaown_process process;
	uint32_t uid;
	uint64_t owner;		/* owner ID */
};

/*
 * Find the process with the module's help; device is /dev/dmaown. An owner is looked up in the
 * owners' records. -ESRCH: there is no such process; -ENOENT: no area has this owner; what is above
 * 0 is an exit status, and has been reported.
 */
int process_find(int device, struct channel *channel, const char *text,
		 const struct process_name *name, struct process_ref *ref);

/* A pidfd of a process that was found; -ESRCH: it is gone; or -errno. */
int process_open(int device, const struct process_ref *ref);

#endif

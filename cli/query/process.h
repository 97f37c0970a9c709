/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes, as users name them and as the module takes them. */
#ifndef DMAOWN_CLI_QUERY_PROCESS_H
#define DMAOWN_CLI_QUERY_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <dmaown.h>

struct channel;

/* A process as the command line names it: PID, PID:INODE of its pidfd, or 0xOWNER. */
struct process_name {
	uint32_t pid; /* 0: named by owner ID */
	ino_t inode;  /* 0: not given */
	uint64_t owner;
	unsigned int digits; /* of the owner ID as given: it may be abbreviated */
};

/* Return: false if the text names no process. */
bool process_parse(const char *text, struct process_name *name);

/* The process that a name refers to. */
struct process_ref {
	struct dmaown_process process; /* for the ioctl */
	uint32_t uid;
	uint64_t owner; /* owner ID */
};

/*
 * Find a process: by PID with the module's help, by owner ID in the records of owners.
 * @device: descriptor of /dev/dmaown
 * Return: 0; -ESRCH if there is no such process; -ENOENT, after a message, if no area has this
 * owner; or an exit status, after a message.
 */
int process_find(int device, struct channel *channel, const char *text,
		 const struct process_name *name, struct process_ref *ref);

/*
 * Ask the module about a process whose PID is known. The module compares the start time if that is
 * set.
 * Return: 0, -ESRCH if there is no such process, or another -errno.
 */
int process_ask(int device, struct process_ref *ref);

/* Return: a pidfd of a process that was found, -ESRCH if it has exited, or another -errno. */
int process_open(int device, const struct process_ref *ref);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Very many of something at once, for the scaling tests: a shell that asks for each of 100,000
 * would take all the time. All functions return 0, or a negative errno.
 */
#ifndef CROWD_H
#define CROWD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Let this process have @most descriptors. */
int crowd_descriptors(uint64_t most);

/* Open a file @count times. */
int crowd_open(const char *path, uint64_t count);

/* Open a device @count times through its group: each time VFIO makes another file. */
int crowd_devices(int group, const char *device, uint64_t count);

/* Make @count IOASes. @last: the ID of the last one */
int crowd_ioases(int context, uint64_t count, uint32_t *last);

/*
 * Make @count threads that sleep. They have small stacks. @unshared: each has a file table of its
 * own.
 */
int crowd_threads(uint64_t count, bool unshared);

/* Make children that sleep, with all files of this process, and end all of them. */
int crowd_fork(pid_t *pids, unsigned int count);
int crowd_end(void);

/*
 * Make a process of another user that sleeps, and shares either the file table of this process, or
 * its address space and none of its files. crowd_end() ends it, too.
 */
int crowd_share(pid_t *pid, bool files, uid_t uid);

/*
 * Let @count processes map something, one after the other, and exit at once: each stays on record
 * as the owner of what it mapped. @map is called with @first, @first + 1 and so on, in a process
 * that shares the caller's memory.
 */
int crowd_owners(int (*map)(void *data, uint64_t i), void *data, uint64_t first, uint64_t count);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_FIND_H
#define DMAOWN_FIND_H

#include <linux/types.h>
#include "context.h"

struct task_struct;

/* One file by which a process holds a context. Valid during the call that shows it. */
struct holding {
	struct task_struct *task;	/* group leader */
	unsigned int fd;
	enum dmaown_via via;
	const void *file;		/* which file it is: only to be compared */
	const char *device;		/* name, if via a file of a VFIO device or group */
	struct context ctx;		/* none: it is locked, and so its context unknown */
	bool busy;			/* that, or it is unknown whether the context is in use */
	const void *maybe;		/* if unknown: self of what it seems to hold, or NULL */
};

/*
 * Shows each holding of a process, or of all, until fn returns something else than 0; returns that,
 * -ENOMEM, or -EINTR if the caller is being killed. A file that has several descriptors is shown
 * several times. Threads that share a file table are visited once. What is in no file table (in
 * flight over a socket, or in io_uring's own table) is not found, nor an iommufd context that only
 * a VFIO group file keeps.
 */
typedef int (*holding_fn)(const struct holding *holding, void *arg);

int find_in_process(struct task_struct *leader, holding_fn fn, void *arg);
int find_everywhere(holding_fn fn, void *arg);

/*
 * A reference on the context behind one descriptor, if there is one: of a process (a group leader;
 * with id, only if that is the context's: threads may have different tables) or of the calling
 * thread. -EAGAIN if it is something that is locked, -ENOMEM, or -EINTR.
 */
int find_by_fd(struct task_struct *leader, unsigned int fd, u64 id, struct context *ctx);
int find_by_own_fd(unsigned int fd, struct context *ctx);

#endif

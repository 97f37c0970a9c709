/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_FIND_H
#define DMAOWN_FIND_H

#include <linux/types.h>
#include "uapi/dmaown.h"

struct iommufd_ctx;
struct task_struct;

/* One file by which a process holds a context. Valid during the call that shows it. */
struct holding {
	struct task_struct *task;	/* group leader */
	unsigned int fd;
	enum dmaown_via via;
	const void *file;		/* which file it is: only to be compared */
	const char *device;		/* name, if via a VFIO device file */
	struct iommufd_ctx *ictx;	/* NULL: a device file that is locked */
	bool busy;			/* it is locked, and its context unknown */
	const void *maybe;		/* if busy: the context that it seems to hold, or NULL */
};

/*
 * Shows each holding of a process, or of all, until fn returns something else than 0; returns that,
 * -ENOMEM, or -EINTR if the caller is being killed. A file that has several descriptors is shown
 * several times. Threads that share a file table are visited once. What is in no file table (in
 * flight over a socket, or in io_uring's own table) is not found, nor what only a VFIO group file
 * keeps.
 */
typedef int (*holding_fn)(const struct holding *holding, void *arg);

int find_in_process(struct task_struct *leader, holding_fn fn, void *arg);
int find_everywhere(holding_fn fn, void *arg);

/*
 * A reference on the context behind one descriptor, of a process (a group leader; with id, only if
 * that is the context's: threads may have different tables) or of the calling
 * thread; NULL if there is none or it is of something else, ERR_PTR(-EAGAIN) if it is a device file
 * that is locked, or ERR_PTR(-ENOMEM).
 */
struct iommufd_ctx *find_by_fd(struct task_struct *leader, unsigned int fd, u64 id);
struct iommufd_ctx *find_by_own_fd(unsigned int fd);

#endif

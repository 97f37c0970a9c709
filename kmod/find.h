/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_FIND_H
#define DMAOWN_FIND_H

#include <linux/types.h>
#include "context.h"
#include "kinds.h"

struct mapped;
struct task_struct;

#define NO_FD (~0U)

/* A file by which a process holds a context. Valid only during the callback. */
struct holding {
	struct task_struct *task; /* group leader */
	unsigned int fd;	  /* NO_FD if the process only maps the file */
	unsigned long addr;	  /* of the mapping */
	enum dmaown_via via;
	const void *file;		  /* identity of the file; only to be compared */
	struct file *device_file;	  /* of a VFIO device or group; else NULL */
	const struct file_device *device; /* that device or group, if device_file is set */
	struct context ctx;		  /* none if there is none, or if it is unknown */
	bool busy;	   /* a lock is held: the context, or whether it is in use, is unknown */
	bool unseen;	   /* the module has no layout for the code that is loaded */
	const void *maybe; /* if busy: self of the context that it seems to be, or NULL */
};

/*
 * Call fn for each holding of a process, or of all processes, until fn returns a value other than
 * 0. A file with several descriptors is shown several times, and a file that is mapped once for
 * each run of neighbouring mappings. A file table that threads share is walked once. Files that
 * hold no context, such as a group in no container, are shown without one. If a process cannot be
 * read to the end, a holding that is busy and without a file says so. Files in no file table (in
 * flight over a socket, or in a table of io_uring) are not found. Return: the last value of fn,
 * -ENOMEM, or -EINTR if the caller is being killed.
 */
typedef int (*holding_fn)(const struct holding *holding, void *arg);

int dmaown_find_in_process(struct task_struct *leader, holding_fn fn, void *arg);

/*
 * mapped: the address spaces whose mappings are walked; NULL: all. *vfio_unseen: VFIO is loaded,
 * and the module has no layout for it.
 */
int dmaown_find_everywhere(holding_fn fn, void *arg, const struct mapped *mapped,
			   bool *vfio_unseen);

/*
 * Get the process with the lowest PID from *nr on in the initial namespace, and move *nr after it.
 * Return: the group leader with a reference; or NULL, and there is none if *end is set.
 */
struct task_struct *dmaown_find_next_process(int *nr, bool *end);

/*
 * Get the context behind one descriptor of a process (leader: its group leader), or of the calling
 * thread. With an id, only a context with this ID counts: threads may have different tables. With
 * an id and NO_FD, all descriptors and mappings of the process are searched.
 * *ctx gets a reference, or no context. Return: 0; -EAGAIN if the file or its context is locked;
 * -ENOEXEC if the module has no layout for it; -ENOMEM; or -EINTR.
 */
int dmaown_find_by_fd(struct task_struct *leader, unsigned int fd, u64 id, struct context *ctx);
int dmaown_find_by_own_fd(unsigned int fd, struct context *ctx);

/*
 * Find the process that holds a named file. Return: its group leader with a reference, or
 * ERR_PTR(-ESRCH).
 */
struct task_struct *dmaown_find_holder(const struct dmaown_file *file);

/*
 * Get the context that a file names, in the process that dmaown_find_holder() has found. A file of
 * the caller may be of a context with another ID than the named one. Return: as above.
 */
int dmaown_find_by_file(const struct dmaown_file *file, struct task_struct *holder,
			struct context *ctx);

#endif

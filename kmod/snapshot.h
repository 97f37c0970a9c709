/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_SNAPSHOT_H
#define DMAOWN_SNAPSHOT_H

#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include "context.h"

struct pid;
struct ptrset;

/*
 * A holding as it was, and the way back to its context. One for each file that a process has open.
 */
struct holder {
	u64 context;			/* 0: busy, and so unknown */
	struct pid *pid;		/* with a reference */
	pid_t tgid;
	u64 start;
	kuid_t uid;
	kuid_t euid;
	kuid_t suid;
	unsigned int number;		/* of the context, as the caller of snapshot_of() has it */
	enum dmaown_kind kind;		/* of the context, if that is known */
	unsigned int fd;		/* the lowest one, if the file has several */
	enum dmaown_via via;
	char comm[TASK_COMM_LEN];
	char device[64];
};

/* Who held which contexts at one moment. Nothing in it keeps a context. */
struct snapshot {
	struct holder *holders;		/* by context, process, descriptor; busy ones first */
	unsigned int nr;
	unsigned int room;

	/* The context at hand: its holders are those from first up to end. */
	unsigned int first;
	unsigned int end;
};

/* only: leave out all contexts but this one; 0: take all. */
int snapshot_take(struct snapshot *snapshot, u64 only);

/*
 * Takes only contexts of a set, on which the caller has references; their values are numbers for
 * holders. Device files that are locked are among them if they seem to be bound to one of these. In
 * no particular order.
 */
int snapshot_of(struct snapshot *snapshot, const struct ptrset *contexts);
void snapshot_free(struct snapshot *snapshot);

/* Makes the next context the one at hand; false at the end. */
bool snapshot_next(struct snapshot *snapshot);

/*
 * A reference on the context at hand, through any holder that still has it, if one does. -EAGAIN if
 * one that may have it is locked, or another error.
 */
int snapshot_reopen(const struct snapshot *snapshot, struct context *ctx);

/* The ID and kind of the context at hand. */
static inline u64 snapshot_context(const struct snapshot *snapshot)
{
	return snapshot->holders[snapshot->first].context;
}

static inline enum dmaown_kind snapshot_kind(const struct snapshot *snapshot)
{
	return snapshot->holders[snapshot->first].kind;
}

/* How many files were locked, so that it is not known which contexts they hold. */
unsigned int snapshot_busy(const struct snapshot *snapshot);

/* How many processes hold the context at hand. */
unsigned int snapshot_processes(const struct snapshot *snapshot);

#endif

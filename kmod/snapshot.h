/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_SNAPSHOT_H
#define DMAOWN_SNAPSHOT_H

#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include "allowance.h"
#include "context.h"
#include "find.h"

struct mapped;
struct pid;
struct ptrset;
struct tally;

/* The number of a holder whose context is none of the set, or unknown */
#define NUMBER_NONE UINT_MAX

/*
 * A holder at the time of the snapshot, and how to find its context again. There is one for each
 * process, context, way to hold it, and device or group: it stands for all files that are alike. An
 * unknown holder has no process. A process of which not all is known has a holder with incomplete
 * set, beside those that are known.
 */
struct holder {
	u64 context;	 /* ID of the context; 0 if there is none, or if it is unknown */
	struct pid *pid; /* with a reference; NULL if via is DMAOWN_VIA_UNKNOWN */
	pid_t tgid;
	u64 start;
	kuid_t uid;
	kuid_t euid;
	kuid_t suid;
	unsigned int number;	    /* of the context, set by dmaown_snapshot_of() */
	enum dmaown_kind kind;	    /* of the context, if it is known */
	unsigned int fd;	    /* the lowest descriptor; NO_FD if the files are mapped */
	unsigned long addr;	    /* the lowest mapping */
	unsigned int files;	    /* the number of different files */
	unsigned int first_files;   /* of these: found in no holder before, and in a context */
	struct file *device_file;   /* one of them; set by dmaown_snapshot_of(), or NULL */
	struct allowance allowance; /* for areas that it maps; valid if via is CONTEXT */
	bool busy;		    /* a lock is held: the context is unknown */
	bool unseen;		    /* the module has no layout for the files' context */
	bool incomplete;	    /* the process was not read to the end */
	bool has_opens;		    /* the files are of a device */
	bool removing;		    /* that device is unregistered, but still open */
	unsigned int opens;	    /* open files of that device; of an unknown holder: its files */
	enum dmaown_via via;
	char comm[TASK_COMM_LEN];
	char device[64];
};

/* The holders of contexts at one moment. It holds no reference on a context. */
struct snapshot {
	struct holder
		*holders; /* sorted by context, process and descriptor; unknown contexts first */
	unsigned int nr;
	unsigned int room;
	bool vfio_unseen; /* VFIO is loaded, and the module has no layout for it */

	/* Holders by files of devices and groups, sorted by number of the context, name, context */
	const struct holder **by_device;
	unsigned int by_device_nr;

	struct file **kept; /* files of devices, with references, set by dmaown_snapshot_of() */
	unsigned int kept_nr;
	unsigned int kept_room;

	/* The current context: its holders have the indices from first to end - 1. */
	unsigned int first;
	unsigned int end;

	unsigned int searches; /* through all files of a process */
};

/*
 * only: ID of the context to include; 0 for all. Devices are looked at from the buses' side, too:
 * their open files that no process has become unknown holders. Fills by_device.
 */
int dmaown_snapshot_take(struct snapshot *snapshot, u64 only);

/*
 * Include only the contexts of a set, on which the caller holds references. The values in the set
 * become the numbers of the holders. A locked device file is included if it seems to be bound to
 * one of the contexts. Included with NUMBER_NONE are files of devices that are being removed from
 * other contexts, and processes that are incomplete. Holders are sorted by number and process.
 * mapped: the address spaces whose mappings are walked. Device files stay open until
 * dmaown_snapshot_release_files().
 */
int dmaown_snapshot_of(struct snapshot *snapshot, const struct ptrset *contexts,
		       const struct mapped *mapped);

/*
 * The same from the files of the processes in a tally alone, and then perhaps of their parents, if
 * all references on the contexts are theirs. Return: 0; 1 if not, and there is no snapshot; or an
 * error.
 */
int dmaown_snapshot_of_few(struct snapshot *snapshot, const struct ptrset *contexts,
			   struct tally *tally);
void dmaown_snapshot_release_files(struct snapshot *snapshot);
void dmaown_snapshot_free(struct snapshot *snapshot);

/* Move to the next context. Return: false at the end. */
bool dmaown_snapshot_next(struct snapshot *snapshot);

/*
 * Get a reference on the current context by any holder that still has it; *ctx has no context if
 * none has. Return: 0; -EAGAIN if a holder that may have it is locked, or was not searched because
 * there were too many to search; or another error.
 */
int dmaown_snapshot_reopen(struct snapshot *snapshot, struct context *ctx);

/* The ID and kind of the current context. */
static inline u64 snapshot_context(const struct snapshot *snapshot)
{
	return snapshot->holders[snapshot->first].context;
}

static inline enum dmaown_kind snapshot_kind(const struct snapshot *snapshot)
{
	return snapshot->holders[snapshot->first].kind;
}

/* The number of holders whose context is unknown. */
unsigned int dmaown_snapshot_unknown(const struct snapshot *snapshot);

/* Fill by_device. Return: 0 or -ENOMEM. */
int dmaown_snapshot_index_devices(struct snapshot *snapshot);

/*
 * The next holder in by_device that is of another device than the holder with the index i. Return:
 * its index, or by_device_nr.
 */
unsigned int dmaown_snapshot_next_device(const struct snapshot *snapshot, unsigned int i);

/*
 * Count the different files of a device, in the context with this number, in by_device. *locked: a
 * file of it is locked, and not counted.
 */
unsigned int dmaown_snapshot_device_files(const struct snapshot *snapshot, unsigned int number,
					  const char *device, bool *locked);

/*
 * One holder stands for the device among all holders of a context by files of that device: is it
 * this one?
 */
bool dmaown_snapshot_stands_for_device(const struct snapshot *snapshot,
				       const struct holder *holder);

/* The first holder of a device in by_device, in the context with this number; or NULL. */
const struct holder *dmaown_snapshot_device(const struct snapshot *snapshot, unsigned int number,
					    const char *device);

/* The number of processes that hold the current context. */
unsigned int dmaown_snapshot_processes(const struct snapshot *snapshot);

#endif

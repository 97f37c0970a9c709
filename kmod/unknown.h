/* SPDX-License-Identifier: GPL-2.0-only */
/* Open files of devices that no process has. */
#ifndef DMAOWN_UNKNOWN_H
#define DMAOWN_UNKNOWN_H

#include "snapshot.h"

struct unknown_holders {
	struct holder *array; /* without processes */
	unsigned int nr;
	unsigned int room;
};

/*
 * Compare VFIO's counts of open files with the files in a snapshot, whose by_device is filled.
 * only: ID of the context to include; 0 for all. A device that cannot be inspected, and of which
 * the snapshot has no file, becomes a busy holder, too. Return: 0; -ENOMEM; or -EINTR if the caller
 * is being killed. The caller calls dmaown_unknown_free() also after an error.
 */
int dmaown_unknown_find(struct unknown_holders *unknown, const struct snapshot *snapshot, u64 only);
void dmaown_unknown_free(struct unknown_holders *unknown);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* The reasons for a refusal that the caller overrides. */
#ifndef DMAOWN_TRANSFER_FORCE_H
#define DMAOWN_TRANSFER_FORCE_H

#include <linux/types.h>
#include "uapi/dmaown.h"

struct forces {
	struct dmaown_force *array; /* processes with PIDs of the initial namespace */
	u32 nr;
};

/*
 * Copy the array of the caller and look up its processes. Return: 0; -EINVAL or -EOPNOTSUPP if it
 * is not valid; -ENOMEM; or -EFAULT.
 */
int dmaown_forces_copy(struct forces *forces, u64 address, u32 nr);
void dmaown_forces_free(struct forces *forces);

/* Return: true if there is an entry with this reason, for this device, or for this process. */
bool dmaown_forces_any(const struct forces *forces, enum dmaown_reason reason);
bool dmaown_forces_device(const struct forces *forces, enum dmaown_reason reason,
			  const char *device);
bool dmaown_forces_process(const struct forces *forces, enum dmaown_reason reason, pid_t tgid,
			   u64 start);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* What the caller does not want to be a reason for refusing. */
#ifndef DMAOWN_FORCE_H
#define DMAOWN_FORCE_H

#include <linux/types.h>
#include "uapi/dmaown.h"

struct forces {
	struct dmaown_force *array;	/* processes by the initial namespace's numbers */
	u32 nr;
};

/*
 * Copies the caller's array, and finds out who its processes are. -EINVAL, -EOPNOTSUPP: it is not
 * well-formed; -ENOMEM; -EFAULT.
 */
int forces_copy(struct forces *forces, u64 address, u32 nr);
void forces_free(struct forces *forces);

/* Whether a device may be reset; whether a holder is accepted. */
bool forces_reset(const struct forces *forces, const char *device);
bool forces_holder(const struct forces *forces, pid_t tgid, u64 start);

#endif

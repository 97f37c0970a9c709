/* SPDX-License-Identifier: GPL-2.0-only */
/* How the next area that a process maps in a context would be charged, and what it may still pin. */
#ifndef DMAOWN_ALLOWANCE_H
#define DMAOWN_ALLOWANCE_H

#include "context.h"

struct task_struct;

struct allowance {
	enum dmaown_mode mode;
	bool limited; /* the limit applies */
	u64 limit;    /* RLIMIT_MEMLOCK in bytes */
	u64 used;     /* bytes in the counter that the limit applies to; 0 in mode none */
};

/* leader: group leader of the process. The values are samples. */
void dmaown_allowance_get(struct allowance *allowance, struct task_struct *leader,
			  struct context ctx);

#endif

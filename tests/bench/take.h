/* SPDX-License-Identifier: GPL-2.0-only */
/* Becoming the owner of a context's areas, timed. */
#ifndef TAKE_H
#define TAKE_H

#include "bench.h"
#include "stage.h"

/* How a process becomes the owner of all areas. */
enum way {
	OURS,		/* DMAOWN_IOC_TRANSFER, with the context named */
	KERNELS,	/* IOMMU_IOAS_CHANGE_PROCESS */
	ANEW,		/* unmap all, and map it again */
};

/*
 * What a round does with a subject whose data is a struct turn: the second player becomes the owner,
 * then the first; each is a time of its own. Each moves all areas or ends the program. What is in flux
 * is tried again, which is part of the time.
 */
struct turn {
	struct stage *stage;
	enum way way;
};

void take_in_turn(struct subject *subject);

/* One of them: the player becomes the owner. */
struct answer take(const struct stage *stage, int player, enum way way);

/* The same with what DMAOWN_TRANSFER_* says. */
struct answer take_ours(const struct stage *stage, int player, uint32_t flags);

#endif

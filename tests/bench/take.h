/* SPDX-License-Identifier: GPL-2.0-only */
/* Becoming the owner of a context's areas, timed. */
#ifndef TAKE_H
#define TAKE_H

#include "bench.h"
#include "stage.h"

/* How a process becomes the owner of all areas. */
enum way {
	OURS,		/* DMAOWN_IOC_TRANSFER, with the context named */
	REMAPPED,	/* the same, to the second place in the second player, and back */
	ADOPTED,	/* the same, from an owner that is dead */
	DRY_RUN,	/* the same, up to the first change */
	KERNELS,	/* IOMMU_IOAS_CHANGE_PROCESS; of a container, addresses one by one */
	ANEW,		/* unmap all, and map it again */
};

/* The player becomes the owner. What is in flux is tried again, which is part of the time. */
struct answer take(const struct stage *stage, int player, enum way way);

/* The same for one that is not of the stage's two. */
struct answer take_as(const struct stage *stage, const struct player *player, enum way way);

/*
 * What a round does with a subject whose data is a struct turn: the second player becomes the
 * owner, then the first; each is a time of its own. Each moves all areas or ends the program.
 */
struct turn {
	const struct stage *stage;
	enum way way;
	unsigned int repeat;	/* how often in a round; 0 is 1 */
};

void take_in_turn(struct subject *subject);

#endif

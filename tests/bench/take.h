/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes a process the owner of a context's areas, and measures the time. */
#ifndef TAKE_H
#define TAKE_H

#include "bench.h"
#include "stage.h"

/* Ways to become the owner of all areas. */
enum way {
	OURS,	  /* DMAOWN_IOC_TRANSFER, which names the context */
	REMAPPED, /* the same, to the second place in the second player, and back */
	ADOPTED,  /* the same, from a dead owner */
	DRY_RUN,  /* the same, up to the first change */
	KERNELS,  /* IOMMU_IOAS_CHANGE_PROCESS; for a container: addresses one by one */
	ANEW,	  /* unmap all areas, and map them again */
};

/* Makes a player of the stage the owner. Retries while areas are in flux, as part of the time. */
struct answer take(const struct stage *stage, int player, enum way way);

/* Does the same for a player that is not one of the stage's two. */
struct answer take_as(const struct stage *stage, const struct player *player, enum way way);

/* Data of a subject for take_in_turn(). */
struct turn {
	const struct stage *stage;
	enum way way;
	unsigned int repeat; /* repetitions in a round; 0 means 1 */
};

/*
 * Runs a round: the second player becomes the owner, then the first. Each is a time of its own, and
 * each moves all areas or ends the program.
 */
void take_in_turn(struct subject *subject);

#endif

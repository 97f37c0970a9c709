/* SPDX-License-Identifier: GPL-2.0-only */
/* A context with areas in it, and two processes that become their owner in turn. */
#ifndef STAGE_H
#define STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "dmaown.h"
#include "player.h"

#define HUGE_PAGE	(2ull << 20)

struct stage {
	/* What is wanted. */
	enum dmaown_mode mode;
	bool by_file;
	bool huge;		/* in pages of 2 MiB */
	bool scattered;		/* each area is in a mapping of its own, with a gap behind it */
	bool remap;		/* each process has the memory at an address of its own */
	bool one_user;		/* both processes are root's; else, each is a user of its own */
	uint64_t areas;
	uint64_t length;	/* of each, in bytes */

	/* What is made of it. */
	int context;
	int device;		/* attached: everything is pinned */
	int memory;
	uint32_t ioas;
	struct player players[2];
};

/*
 * Sets all up, with all areas owned by the first player. The second comes next: whose turn it is, is
 * up to the caller.
 */
void stage_set(struct stage *stage);
void stage_clear(struct stage *stage);

/* One without players, whose areas are this process's own. */
void stage_set_alone(struct stage *stage);

/* Where the areas are: in the IOAS, and in the memory of each player. */
uint64_t stage_iova(const struct stage *stage, uint64_t area);
char *stage_addr(const struct stage *stage, int player, uint64_t area);

/* Maps all areas anew, for the caller who is that player; and unmaps all, in one go. */
void stage_map(const struct stage *stage, int player);
void stage_unmap(const struct stage *stage);

/* Maps a range of a file: IOMMU_IOAS_MAP_FILE. Returns what the ioctl does. */
int try_map_file(int context, uint32_t ioas, int file, uint64_t start, uint64_t length,
		 uint64_t iova);

#endif

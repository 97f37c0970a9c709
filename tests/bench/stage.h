/* SPDX-License-Identifier: GPL-2.0-only */
/* A stage: a context with areas in it, and two processes that become their owner in turn. */
#ifndef STAGE_H
#define STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "dmaown.h"
#include "player.h"

#define HUGE_PAGE (2ull << 20)

struct stage {
	/* The caller sets these. */
	enum dmaown_mode mode;
	bool by_file;
	bool huge;	/* memory in pages of 2 MiB, which must be available */
	bool scattered; /* each area is a mapping of its own, with a gap after it */
	bool twice;	/* all processes have the memory at a second place, too */
	bool one_user;	/* both processes are root's, otherwise of two different users */
	bool type1;	/* the context is a VFIO container */
	uint64_t areas;
	uint64_t length; /* length of each area, in bytes */
	int nr_device; /* number of the VFIO device that pins everything; each stage has its own */

	/* stage_set() sets these. */
	int context;
	int device; /* attached device */
	int group;  /* group of the device, for a container */
	int memory;
	uint32_t ioas;
	struct player players[2];
};

/* Sets everything up: the first player owns all areas. */
void stage_set(struct stage *stage);
void stage_clear(struct stage *stage);

/* Makes one more player, with the same files and memory as the two of the stage. */
struct player stage_player(const struct stage *stage, uid_t uid);

/* Sets up a stage without players: this process owns all areas. */
void stage_set_alone(struct stage *stage);

/* Return: the IOVA of an area, and its address at the first place (0) or the second (1). */
uint64_t stage_iova(const struct stage *stage, uint64_t area);
char *stage_addr(const struct stage *stage, int place, uint64_t area);

/*
 * For a container: stage_invalidate() takes back all addresses at once, and stage_validate() gives
 * the address of one area again, both in the calling process.
 */
void stage_invalidate(const struct stage *stage);
void stage_validate(const struct stage *stage, uint64_t area);

/* Map all areas, one by one, in the calling process; unmap all areas at once. */
void stage_map(const struct stage *stage);
void stage_unmap(const struct stage *stage);

/*
 * Makes the kernel reserve this much memory in huge pages.
 * Return: true, or false if the kernel has less.
 */
bool huge_pages(uint64_t bytes);

#endif

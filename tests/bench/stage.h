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
	bool huge;		/* in pages of 2 MiB, which must be there */
	bool scattered;		/* each area is a mapping of its own, with a gap behind it */
	bool twice;		/* all processes have the memory at a second place, too */
	bool one_user;		/* both processes are root's, else of two other users */
	bool type1;		/* the context is a VFIO container */
	uint64_t areas;
	uint64_t length;	/* of each, in bytes */
	int nr_device;		/* VFIO's device that pins everything; one for each stage */

	/* What is made of it. */
	int context;
	int device;		/* attached */
	int group;		/* of a container */
	int memory;
	uint32_t ioas;
	struct player players[2];
};

/* Sets all up, with all areas owned by the first player. */
void stage_set(struct stage *stage);
void stage_clear(struct stage *stage);

/* One more of them, who has what they have. */
struct player stage_player(const struct stage *stage, uid_t uid);

/* One without players, whose areas are this process's own. */
void stage_set_alone(struct stage *stage);

/* Where the areas are: in the IOAS, and in the memory, at the first place or the second. */
uint64_t stage_iova(const struct stage *stage, uint64_t area);
char *stage_addr(const struct stage *stage, int place, uint64_t area);

/* A container: takes back all addresses, in one go, and gives one anew, for the caller. */
void stage_invalidate(const struct stage *stage);
void stage_validate(const struct stage *stage, uint64_t area);

/* Maps all areas for the caller; and unmaps all, in one go. */
void stage_map(const struct stage *stage);
void stage_unmap(const struct stage *stage);

/* Has the kernel keep so much memory ready in huge pages; false: it had not as much. */
bool huge_pages(uint64_t bytes);

#endif

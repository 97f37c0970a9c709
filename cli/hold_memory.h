/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory of another process, mapped a second time. */
#ifndef DMAOWN_CLI_HOLD_MEMORY_H
#define DMAOWN_CLI_HOLD_MEMORY_H

#include "maps.h"

/* Of the other process: what is needed is in it, and is to stay in one piece. */
struct hold_range {
	uint64_t start;
	uint64_t end;
};

/* Mappings without a gap between them, and where they are here. */
struct hold_span {
	uint64_t start;
	uint64_t end;
	uint64_t here;
};

struct hold_memory {
	struct hold_span *spans;	/* in the order of addresses */
	size_t nr;
	bool elsewhere;			/* one of them is not where it is there */
};

/*
 * Map all mappings of the process that the ranges touch, each as far as it goes. What no other
 * process can map is left out: whoever compares the memory finds nothing there. Nothing of it is
 * touched, locked, dumped, or inherited by a child. 0, or an exit status with a message.
 */
int hold_memory_map(struct hold_memory *memory, uint32_t pid, const struct hold_range *ranges,
		    size_t nr);

/* Where an address of the other process is here. What is not mapped is where it was. */
uint64_t hold_memory_here(const struct hold_memory *memory, uint64_t addr);

/* And where an address here is in the other process; 0: not known, or no other than here. */
uint64_t hold_memory_there(const struct hold_memory *memory, uint64_t addr);

void hold_memory_free(struct hold_memory *memory);

#endif

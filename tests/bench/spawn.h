/* SPDX-License-Identifier: GPL-2.0-only */
/* A command, as its user sees it. */
#ifndef SPAWN_H
#define SPAWN_H

#include <stdint.h>

struct spawned {
	uint64_t first_ns;	/* from the start until the first line has come */
	uint64_t whole_ns;	/* until it has ended */
	uint64_t peak;		/* of its memory, in bytes */
	uint64_t lines;
};

/* Runs it with its output going into a pipe; ends the program if it fails. */
struct spawned spawn(const char * const *argv);

#endif

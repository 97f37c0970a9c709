/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs a command, and measures it as its user sees it. */
#ifndef SPAWN_H
#define SPAWN_H

#include <stdint.h>

struct spawned {
	uint64_t first_ns; /* from the start to the first line of output */
	uint64_t whole_ns; /* from the start to the exit */
	uint64_t peak;	   /* peak memory, in bytes */
	uint64_t lines;
};

/* Runs the command with its output in a pipe. Ends this program if the command fails. */
struct spawned spawn(const char *const *argv);

#endif

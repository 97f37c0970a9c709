/* SPDX-License-Identifier: GPL-2.0-only */
/* How times are taken: of things that are compared, in turn, round after round. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>

/* The most times that are kept of one subject. */
#define TIMES	5000

struct times {
	unsigned int nr;
	uint64_t ns[TIMES];
};

/* One of the things that are compared. */
struct subject {
	void (*run)(struct subject *subject);	/* what a round does with it; calls took() */
	void *data;
	struct times times;
	struct times also;		/* of something else about it, if there is */
	uint64_t retries;
	bool checked;		/* that it does what it should, once */
};

/* CLOCK_MONOTONIC, in nanoseconds. */
uint64_t now(void);

void took(struct subject *subject, uint64_t ns);
void also_took(struct subject *subject, uint64_t ns);

/*
 * Runs all of them in turn, A B A B ..., and answers how many rounds there were after a first one
 * that does not count: at least 7, more of them if that is a matter of a second or two. If a round
 * takes more than five seconds, there are 3; if it takes more than a minute, the first one counts
 * and is all. DMAOWN_BENCH_ROUNDS says otherwise.
 */
unsigned int in_turn(struct subject *subjects, unsigned int nr);

/* Of what was taken; 0 if that is nothing. */
uint64_t median(const struct times *times);
uint64_t least(const struct times *times);
uint64_t most(const struct times *times);

#endif

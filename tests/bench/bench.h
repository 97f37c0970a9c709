/* SPDX-License-Identifier: GPL-2.0-only */
/* Measures times of subjects that are compared, in turn, round after round. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>

/* Maximum number of times that are kept for one subject. */
#define TIMES 5000

struct times {
	unsigned int nr;
	uint64_t ns[TIMES];
};

/* One of the things that are compared. */
struct subject {
	void (*run)(struct subject *subject); /* one round; calls took() */
	void *data;
	struct times times;
	struct times also; /* second kind of time, if there is one */
	uint64_t retries;
	bool checked; /* has been seen to work */
};

/* Return: the time of CLOCK_MONOTONIC, in nanoseconds. */
uint64_t now(void);

/* Record a time of a subject; also_took() records a time of the second kind. */
void took(struct subject *subject, uint64_t ns);
void also_took(struct subject *subject, uint64_t ns);

/*
 * Runs all subjects in turn, A B A B ... The first round does not count. At least 7 rounds follow,
 * and more until two seconds are over, up to 200. If a round takes more than five seconds, 3 rounds
 * follow; if it takes more than a minute, none follows, and the first one counts.
 * DMAOWN_BENCH_ROUNDS sets the number instead.
 *
 * Return: the number of rounds that count.
 */
unsigned int in_turn(struct subject *subjects, unsigned int nr);

/* Return: the median, the least or the most of the times; 0 if there are none. */
uint64_t median(const struct times *times);
uint64_t least(const struct times *times);
uint64_t most(const struct times *times);

#endif

// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "scene.h"

#define SECOND 1000000000ull

#define ROUNDS	    7		  /* minimum */
#define SLOW	    (5 * SECOND)  /* a round that takes longer is slow */
#define ROUNDS_SLOW 3		  /* minimum for slow rounds */
#define VERY_SLOW   (60 * SECOND) /* a round that takes longer is the only one */
#define ROUNDS_MOST 200		  /* maximum */
#define ENOUGH	    (2 * SECOND)  /* time after which the minimum is enough */

uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

static void add(struct times *times, uint64_t ns)
{
	if (times->nr < TIMES)
		times->ns[times->nr++] = ns;
}

void took(struct subject *subject, uint64_t ns)
{
	add(&subject->times, ns);
}

void also_took(struct subject *subject, uint64_t ns)
{
	add(&subject->also, ns);
}

static void run_round(struct subject *subjects, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		subjects[i].run(&subjects[i]);
}

static void forget(struct subject *subjects, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		subjects[i].times.nr = 0;
		subjects[i].also.nr = 0;
		subjects[i].retries = 0;
	}
}

unsigned int in_turn(struct subject *subjects, unsigned int nr)
{
	unsigned int wanted = setting("DMAOWN_BENCH_ROUNDS", 0), done;
	unsigned int most = wanted ?: ROUNDS_MOST;
	uint64_t began = now(), first;

	run_round(subjects, nr);
	first = now() - began;
	if (!wanted && first > VERY_SLOW)
		return 1;
	if (!wanted)
		wanted = first > SLOW ? ROUNDS_SLOW : ROUNDS;
	forget(subjects, nr);
	began = now();
	for (done = 0; done < wanted || (done < most && now() - began < ENOUGH); done++)
		run_round(subjects, nr);
	return done;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

uint64_t median(const struct times *times)
{
	static uint64_t sorted[TIMES];
	unsigned int nr = times->nr;

	if (!nr)
		return 0;
	memcpy(sorted, times->ns, nr * sizeof(*sorted));
	qsort(sorted, nr, sizeof(*sorted), compare);
	return (sorted[(nr - 1) / 2] + sorted[nr / 2]) / 2;
}

uint64_t least(const struct times *times)
{
	uint64_t ns = times->nr ? times->ns[0] : 0;
	unsigned int i;

	for (i = 1; i < times->nr; i++)
		if (times->ns[i] < ns)
			ns = times->ns[i];
	return ns;
}

uint64_t most(const struct times *times)
{
	uint64_t ns = 0;
	unsigned int i;

	for (i = 0; i < times->nr; i++)
		if (times->ns[i] > ns)
			ns = times->ns[i];
	return ns;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The transfer of areas that are mapped by file against the kernel's own ioctl: the same context
 * and mappings, back and forth, in turn. Each area is one page, pinned by a device.
 *
 * DMAOWN_BENCH_MOST=N leaves out what has more than N areas.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "figures.h"
#include "machine.h"
#include "scene.h"
#include "take.h"

static const uint64_t sizes[] = { 1, 100, 10000, 50000 };
#define SIZES	(sizeof(sizes) / sizeof(sizes[0]))

#define NAME(c, v, n)	[v] = n,
static const char * const modes[] = { DMAOWN_MODES(NAME) };
#define MODES	DMAOWN_MODE_COUNT

static struct result {
	unsigned int rounds;
	struct subject ours, kernels;
} results[MODES][SIZES];

static uint64_t largest;

static bool wanted(unsigned int size)
{
	return sizes[size] <= largest;
}

static void measure(enum dmaown_mode mode, unsigned int size)
{
	struct stage stage = {
		.mode = mode, .by_file = true, .areas = sizes[size], .length = PAGE,
	};
	struct turn turns[] = {
		{ .stage = &stage, .way = OURS }, { .stage = &stage, .way = KERNELS },
	};
	static struct subject subjects[2];
	struct result *result = &results[mode][size];

	doing("mode %s, %llu areas", modes[mode], (unsigned long long)sizes[size]);
	memset(subjects, 0, sizeof(subjects));
	subjects[0].run = subjects[1].run = take_in_turn;
	subjects[0].data = &turns[0];
	subjects[1].data = &turns[1];
	stage_set(&stage);
	result->rounds = in_turn(subjects, 2);
	stage_clear(&stage);
	result->ours = subjects[0];
	result->kernels = subjects[1];
}

/* The goals: for one area, and from 10,000 on; between them it should not be slower either. */
static double goal_of(uint64_t areas)
{
	return areas >= 10000 ? 0.4 : 1.0;
}

static void print_row(unsigned int mode, unsigned int size)
{
	const struct result *r = &results[mode][size];
	uint64_t ours = median(&r->ours.times), kernels = median(&r->kernels.times);

	cell("%s", modes[mode]);
	cell_count(sizes[size]);
	cell_count(r->rounds);
	cell_time(ours);
	cell_time(least(&r->ours.times));
	cell_time(kernels);
	cell_time(least(&r->kernels.times));
	cell_ratio(ratio(ours, kernels));
	goal_at_most(goal_of(sizes[size]), ratio(ours, kernels));
	cell_ratio(ratio(least(&r->ours.times), least(&r->kernels.times)));
	end_row();
	if (r->ours.retries || r->kernels.retries)
		remark("%s, %llu areas: tried again %llu times by ours, %llu by the kernel's",
		       modes[mode], (unsigned long long)sizes[size],
		       (unsigned long long)r->ours.retries,
		       (unsigned long long)r->kernels.retries);
}

static void print_times(void)
{
	unsigned int mode, size;

	table("Transfer of areas by file: DMAOWN_IOC_TRANSFER and IOMMU_IOAS_CHANGE_PROCESS in turn",
	      "mode|areas|rounds|ours|least|kernel's|least|ratio|goal||ratio of least");
	for (mode = 0; mode < MODES; mode++)
		for (size = 0; size < SIZES; size++)
			if (wanted(size))
				print_row(mode, size);
	remark("Medians of the whole ioctl call, two in each round. Each area is one page, pinned.");
	remark("Old and new owner are different users.");
	end_table();
}

static double per_area(const struct subject *subject, unsigned int size)
{
	return (double)median(&subject->times) / sizes[size];
}

static void print_growth_row(unsigned int mode, unsigned int size)
{
	const struct result *r = &results[mode][size], *smaller = &results[mode][size - 1];
	double ours = per_area(&r->ours, size) / per_area(&smaller->ours, size - 1);

	cell("%s", modes[mode]);
	cell_count(sizes[size]);
	cell_time(per_area(&r->ours, size));
	cell_time(per_area(&r->kernels, size));
	cell_ratio(ours);
	cell_ratio(per_area(&r->kernels, size) / per_area(&smaller->kernels, size - 1));
	goal_at_most(STEADY, ours);
	end_row();
}

static void print_growth(void)
{
	unsigned int mode, size;

	table("Growth: the time for each area, and how it compares with that at the size before",
	      "mode|areas|ours|kernel's|ours grew by|kernel's grew by|goal|");
	for (mode = 0; mode < MODES; mode++)
		for (size = 1; size < SIZES; size++)
			if (wanted(size))
				print_growth_row(mode, size);
	end_table();
}

int main(void)
{
	unsigned int mode, size;

	largest = setting("DMAOWN_BENCH_MOST", UINT64_MAX);
	if (!kernel_has_transfer()) {
		printf("This kernel has no IOMMU_IOAS_CHANGE_PROCESS: there is nothing to compare.\n");
		print_machine();
		return 0;
	}
	for (mode = 0; mode < MODES; mode++)
		for (size = 0; size < SIZES; size++)
			if (wanted(size))
				measure(mode, size);
	print_times();
	print_growth();
	print_machine();
	return 0;
}

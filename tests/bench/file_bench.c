// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compares the transfer of areas that are mapped by file with the kernel's own ioctl. Both run in
 * turn, back and forth, on the same context and mappings. Each area is one page, pinned by a
 * device.
 *
 * DMAOWN_BENCH_MOST=N leaves out cases with more than N areas.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "figures.h"
#include "machine.h"
#include "scene.h"
#include "take.h"

static const uint64_t sizes[] = { 1, 100, 10000, 50000 };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

#define NAME(c, v, n) [v] = n,
static const char *const modes[] = { DMAOWN_MODES(NAME) };
#define MODES DMAOWN_MODE_COUNT

/* Results of one subject. */
struct figures {
	uint64_t median, least;
	uint64_t retries;
};

/* The *_BEFORE subjects are the same with the next smaller number of areas, for comparison. */
enum { OWN, KERNEL, OWN_BEFORE, KERNEL_BEFORE, SUBJECTS };

static struct result {
	unsigned int rounds;
	struct figures figures[SUBJECTS];
} results[MODES][SIZES];

static uint64_t largest;

static bool wanted(unsigned int size)
{
	return sizes[size] <= largest;
}

static struct stage stage_of(enum dmaown_mode mode, unsigned int size, int nr)
{
	return (struct stage){
		.mode = mode,
		.by_file = true,
		.areas = sizes[size],
		.length = PAGE,
		.nr_device = nr,
	};
}

static void measure(enum dmaown_mode mode, unsigned int size)
{
	static struct subject subjects[SUBJECTS];
	struct stage stages[] = {
		stage_of(mode, size, 0),
		stage_of(mode, size ? size - 1 : 0, 1),
	};
	struct turn turns[SUBJECTS];
	struct result *result = &results[mode][size];
	unsigned int nr = size ? 2 : 1, i;

	doing("mode %s, areas: %llu", modes[mode], (unsigned long long)sizes[size]);
	memset(subjects, 0, sizeof(subjects));
	for (i = 0; i < SUBJECTS; i++) {
		turns[i] = (struct turn){ .stage = &stages[i / 2], .way = i % 2 ? KERNELS : OURS };
		subjects[i].run = take_in_turn;
		subjects[i].data = &turns[i];
	}
	for (i = 0; i < nr; i++)
		stage_set(&stages[i]);
	result->rounds = in_turn(subjects, 2 * nr);
	for (i = 0; i < nr; i++)
		stage_clear(&stages[i]);
	for (i = 0; i < SUBJECTS; i++)
		result->figures[i] = (struct figures){
			.median = median(&subjects[i].times),
			.least = least(&subjects[i].times),
			.retries = subjects[i].retries,
		};
}

/* Return: the goal for the ratio: 0.4 from 10,000 areas on, 1 (not slower) with fewer areas. */
static double goal_of(uint64_t areas)
{
	return areas >= 10000 ? 0.4 : 1.0;
}

static void print_row(unsigned int mode, unsigned int size)
{
	const struct result *result = &results[mode][size];
	const struct figures *ours = &result->figures[OWN], *kernels = &result->figures[KERNEL];

	cell("%s", modes[mode]);
	cell_count(sizes[size]);
	cell_count(result->rounds);
	cell_time(ours->median);
	cell_time(ours->least);
	cell_time(kernels->median);
	cell_time(kernels->least);
	cell_ratio(ratio(ours->median, kernels->median));
	goal_at_most(goal_of(sizes[size]), ratio(ours->median, kernels->median));
	cell_ratio(ratio(ours->least, kernels->least));
	end_row();
	if (ours->retries || kernels->retries)
		remark("%s, %llu areas: ours has retried %llu times, the kernel's %llu times",
		       modes[mode], (unsigned long long)sizes[size],
		       (unsigned long long)ours->retries, (unsigned long long)kernels->retries);
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

static double each(const struct result *result, int subject, unsigned int size)
{
	return (double)result->figures[subject].median / sizes[size];
}

static void print_growth_row(unsigned int mode, unsigned int size)
{
	const struct result *r = &results[mode][size];
	double ours = each(r, OWN, size) / each(r, OWN_BEFORE, size - 1);
	double kernels = each(r, KERNEL, size) / each(r, KERNEL_BEFORE, size - 1);

	cell("%s", modes[mode]);
	cell_count(sizes[size - 1]);
	cell_count(sizes[size]);
	cell_time(each(r, OWN_BEFORE, size - 1));
	cell_time(each(r, OWN, size));
	cell_time(each(r, KERNEL_BEFORE, size - 1));
	cell_time(each(r, KERNEL, size));
	cell_ratio(ours);
	goal_at_most(STEADY, ours);
	cell_ratio(kernels);
	end_row();
}

static void print_growth(void)
{
	unsigned int mode, size;

	table("Growth: the time for each area, with fewer and with more of them, in turn",
	      "mode|fewer|more|ours|ours|kernel's|kernel's|ours grew by|goal||kernel's grew by");
	for (mode = 0; mode < MODES; mode++)
		for (size = 1; size < SIZES; size++)
			if (wanted(size))
				print_growth_row(mode, size);
	remark("A growth of 1 is linear. With more areas than fit into the caches, each takes longer.");
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

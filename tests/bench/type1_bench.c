// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compares the transfer of a VFIO container's mappings, including its check of the memory, with the
 * kernel's own way: take back all addresses (VFIO_DMA_UNMAP_FLAG_VADDR), and let the new owner give
 * each of them again (VFIO_DMA_MAP_FLAG_VADDR), without any check. Both run in turn, back and
 * forth, on the same container and memory, pinned by a device.
 *
 * DMAOWN_BENCH_MOST=N leaves out cases with more than N mappings.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "figures.h"
#include "machine.h"
#include "scene.h"
#include "take.h"

static const uint64_t sizes[] = { 1, 1000, 50000 };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

#define GOAL 0.5

enum { OWN, KERNEL, SUBJECTS };

static void measure(uint64_t size)
{
	static struct subject subjects[SUBJECTS];
	struct stage stage = { .type1 = true, .areas = size, .length = PAGE };
	struct turn turns[SUBJECTS] = {
		{ .stage = &stage, .way = OURS },
		{ .stage = &stage, .way = KERNELS },
	};
	unsigned int rounds, i;
	double figure;

	doing("mappings: %llu", (unsigned long long)size);
	memset(subjects, 0, sizeof(subjects));
	for (i = 0; i < SUBJECTS; i++) {
		subjects[i].run = take_in_turn;
		subjects[i].data = &turns[i];
	}
	stage_set(&stage);
	rounds = in_turn(subjects, SUBJECTS);
	stage_clear(&stage);

	figure = ratio(median(&subjects[OWN].times), median(&subjects[KERNEL].times));
	cell_count(size);
	cell_count(rounds);
	for (i = 0; i < SUBJECTS; i++) {
		cell_time(median(&subjects[i].times));
		cell_time(least(&subjects[i].times));
	}
	cell_ratio(figure);
	goal_at_most(GOAL, figure);
	end_row();
}

int main(void)
{
	uint64_t most = setting("DMAOWN_BENCH_MOST", UINT64_MAX);
	unsigned int i;

	table("Transfer of a VFIO container: DMAOWN_IOC_TRANSFER, and addresses one by one, in turn",
	      "mappings|rounds|ours|least|kernel's|least|ratio|goal|");
	for (i = 0; i < SIZES; i++)
		if (sizes[i] <= most)
			measure(sizes[i]);
	remark("Medians of the whole change of owner, two in each round. Each mapping is one page, pinned.");
	end_table();
	print_machine();
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compares the transfer of areas that are mapped by address, including its check of the memory,
 * with unmapping everything and mapping it again, which is the only way without dmaown. Both run in
 * turn, back and forth, on the same context and memory, pinned by a device, in mode none.
 *
 * DMAOWN_BENCH_MOST=N leaves out cases with more than N areas. Cases that do not fit into the
 * machine's memory are left out, too.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "bench.h"
#include "figures.h"
#include "machine.h"
#include "scene.h"
#include "take.h"
#include "tap.h"

#define MIB (1ull << 20)

/* Sizes of a single area in bytes, and numbers of areas of one page each. */
static const uint64_t sizes[] = { 64 * MIB, 256 * MIB, 1024 * MIB, 4096 * MIB };
static const uint64_t numbers[] = { 1, 100, 10000, 50000 };
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* SMALLER is the transfer of the smaller stage, for comparison. */
enum { TRANSFER, REMAP, UNMAP_MAP, SMALLER, SUBJECTS };

static struct subject subjects[SUBJECTS];

static uint64_t largest;

/* Does this fit into the machine's memory? Leave a fifth for page tables and the rest. */
static bool fits(uint64_t bytes)
{
	struct sysinfo info;

	sysinfo(&info);
	return bytes < (uint64_t)info.totalram * info.mem_unit / 5 * 4;
}

/* Is this much memory available? If not, adds a remark to the table that is being filled. */
static bool available(bool huge, uint64_t bytes)
{
	if (!fits(bytes)) {
		if (!huge)
			remark("%llu MiB do not fit into the memory of this machine.",
			       (unsigned long long)(bytes / MIB));
		return false;
	}
	if (huge_pages(huge ? bytes : 0))
		return true;
	remark("%llu MiB were not available in huge pages.", (unsigned long long)(bytes / MIB));
	return false;
}

static const char *page_name(bool huge)
{
	return huge ? "2 MiB" : "4 KiB";
}

/*
 * A transfer of one area is short: repeat it, to measure it also right after itself.
 * Return: the number of repetitions in a round.
 */
static unsigned int repeat_of(const struct stage *stage)
{
	return stage->areas == 1 ? 10 : 1;
}

/*
 * @smaller: a smaller stage for comparison, or NULL
 * Return: the number of rounds.
 */
static unsigned int measure(struct stage *stage, struct stage *smaller)
{
	struct turn turns[SUBJECTS] = {
		{ stage, OURS, repeat_of(stage) },
		{ stage, REMAPPED, repeat_of(stage) },
		{ stage, ANEW, 1 },
		{ smaller, OURS, smaller ? repeat_of(smaller) : 1 },
	};
	unsigned int i, rounds;

	doing("areas: %llu of %llu KiB, in pages of %s", (unsigned long long)stage->areas,
	      (unsigned long long)stage->length >> 10, page_name(stage->huge));
	memset(subjects, 0, sizeof(subjects));
	for (i = 0; i < SUBJECTS; i++) {
		subjects[i].run = take_in_turn;
		subjects[i].data = &turns[i];
	}
	stage_set(stage);
	if (smaller)
		stage_set(smaller);
	rounds = in_turn(subjects, smaller ? SUBJECTS : SMALLER);
	if (smaller)
		stage_clear(smaller);
	stage_clear(stage);
	return rounds;
}

static uint64_t time_of(unsigned int subject)
{
	return median(&subjects[subject].times);
}

static void times_cells(unsigned int rounds)
{
	unsigned int i;

	cell_count(rounds);
	for (i = 0; i < SMALLER; i++)
		cell_time(time_of(i));
	cell_ratio(ratio(time_of(UNMAP_MAP), time_of(TRANSFER)));
}

/* ONE AREA */

static void measure_bytes(bool huge, uint64_t bytes)
{
	struct stage stage = { .huge = huge, .twice = true, .areas = 1, .length = bytes };
	struct stage smallest = { .huge = huge, .areas = 1, .length = sizes[0], .nr_device = 1 };
	bool is_smallest = bytes == sizes[0];
	unsigned int rounds = measure(&stage, is_smallest ? NULL : &smallest);

	cell("%s", page_name(huge));
	cell_bytes(bytes);
	times_cells(rounds);
	if (bytes >= 1024 * MIB)
		goal_at_least(100, ratio(time_of(UNMAP_MAP), time_of(TRANSFER)));
	else
		no_goal();
	if (!is_smallest) {
		cell_ratio(ratio(time_of(TRANSFER), time_of(SMALLER)));
		goal_at_most(STEADY, ratio(time_of(TRANSFER), time_of(SMALLER)));
	}
	end_row();
}

static void one_area(void)
{
	int huge;
	size_t i;

	table("Transfer of one area by address, and unmapping and mapping it again",
	      "pages|memory|rounds|transfer|remapped|unmap + map|times faster|goal||of the smallest's|goal|");
	/* Start with huge pages: later there may be none left. */
	for (huge = 1; huge >= 0; huge--)
		for (i = 0; i < LENGTH(sizes); i++)
			if (available(huge, sizes[i] + sizes[0]))
				measure_bytes(huge, sizes[i]);
	remark("Medians of 2 measurements in each round, or of 20 for transfers. Remapped: to another address in the new owner.");
	remark("Of the smallest's: the time of the transfer, divided by that for 64 MiB, measured in turn.");
	end_table();
}

/* MANY AREAS */

static void measure_areas(uint64_t areas, uint64_t fewer)
{
	struct stage stage = { .twice = true, .areas = areas, .length = PAGE };
	struct stage smaller = { .areas = fewer, .length = PAGE, .nr_device = 1 };
	unsigned int rounds = measure(&stage, fewer ? &smaller : NULL);
	double each = (double)time_of(TRANSFER) / areas;

	cell_count(areas);
	times_cells(rounds);
	cell_time(each);
	if (fewer) {
		double grew = each / ((double)time_of(SMALLER) / fewer);

		cell_ratio(grew);
		goal_at_most(STEADY, grew);
	}
	end_row();
}

static void many_areas(void)
{
	size_t i;

	table("Transfer of areas of one page by address, and unmapping all and mapping them again",
	      "areas|rounds|transfer|remapped|unmap + map|times faster|each area|grew by|goal|");
	for (i = 0; i < LENGTH(numbers); i++)
		if (numbers[i] <= largest)
			measure_areas(numbers[i], i ? numbers[i - 1] : 0);
	remark("Medians. Grew by: the time for each area, divided by the same with fewer areas, measured in turn.");
	end_table();
}

/* THE CHECK OF THE MEMORY */

/*
 * Measures the check of the memory: areas by file need none, and the two contexts, measured in
 * turn, differ in nothing else.
 */
static void measure_check(uint64_t areas, bool scattered)
{
	struct stage by_file = { .by_file = true, .areas = areas, .length = PAGE };
	struct stage by_address = {
		.scattered = scattered,
		.areas = areas,
		.length = PAGE,
		.nr_device = 1,
	};
	struct turn turns[] = {
		{ .stage = &by_file, .way = OURS },
		{ .stage = &by_address, .way = OURS },
	};
	unsigned int rounds, i;
	double share;

	doing("the check of the memory: %llu areas%s", (unsigned long long)areas,
	      scattered ? ", each in a mapping of its own" : "");
	memset(subjects, 0, sizeof(subjects));
	for (i = 0; i < 2; i++) {
		subjects[i].run = take_in_turn;
		subjects[i].data = &turns[i];
	}
	stage_set(&by_file);
	stage_set(&by_address);
	rounds = in_turn(subjects, 2);
	stage_clear(&by_address);
	stage_clear(&by_file);
	share = ratio(time_of(1), time_of(0)) - 1;
	cell_count(areas);
	cell("%s", scattered ? "one each" : "one");
	cell_count(rounds);
	cell_time(time_of(0));
	cell_time(time_of(1));
	cell_ratio(share);
	goal_at_most(scattered ? 2 : 0.25, share);
	end_row();
}

static void memory_check(void)
{
	size_t i;

	table("The check of the memory: areas by address against the same by file, which need none",
	      "areas|mappings|rounds|by file|by address|share|goal|");
	for (i = 2; i < LENGTH(numbers); i++) {
		if (numbers[i] > largest)
			continue;
		measure_check(numbers[i], false);
		measure_check(numbers[i], true);
	}
	remark("Share: the additional time of a transfer by address, divided by the time of one by file.");
	remark("Mappings: each process has one mapping of all the memory, or one for each area, with gaps.");
	end_table();
}

/* ADOPTION */

/* Lets a third process become the owner and die, and measures only the adoption after that. */
static void adopt_once(struct subject *subject)
{
	const struct stage *stage = subject->data;
	struct player third = stage_player(stage, 0);
	struct answer answer;

	take_as(stage, &third, OURS);
	player_end(&third);
	answer = take(stage, 0, ADOPTED);
	errno = EPROTO;
	need(answer.areas == stage->areas, "an adoption of all areas");
	took(subject, answer.ns);
}

static void map_anew_once(struct subject *subject)
{
	took(subject, take(subject->data, 0, ANEW).ns);
}

static void measure_adoption(bool huge, uint64_t areas, uint64_t bytes)
{
	struct stage stage = {
		.huge = huge,
		.one_user = true,
		.areas = areas,
		.length = bytes / areas,
	};
	uint64_t folios = bytes / (huge ? HUGE_PAGE : PAGE);
	unsigned int rounds;

	doing("adoption: areas: %llu of %llu KiB, in pages of %s", (unsigned long long)areas,
	      (unsigned long long)stage.length >> 10, page_name(huge));
	memset(subjects, 0, sizeof(subjects));
	subjects[0] = (struct subject){ .run = adopt_once, .data = &stage };
	subjects[1] = (struct subject){ .run = map_anew_once, .data = &stage };
	stage_set(&stage);
	rounds = in_turn(subjects, 2);
	stage_clear(&stage);
	cell("%s", page_name(huge));
	cell_count(areas);
	cell_bytes(bytes);
	cell_count(rounds);
	cell_time(time_of(0));
	cell_time(time_of(1));
	cell_ratio(ratio(time_of(1), time_of(0)));
	cell_count(folios);
	cell_time(time_of(0) / folios);
	end_row();
}

static void adoption(void)
{
	int huge;
	size_t i;

	table("Adoption from a dead owner, which checks every folio: no goal",
	      "pages|areas|memory|rounds|adopt|unmap + map|times faster|folios|each folio");
	for (huge = 1; huge >= 0; huge--)
		for (i = 0; i < LENGTH(sizes); i++)
			if (i != 1 && available(huge, sizes[i]))
				measure_adoption(huge, 1, sizes[i]);
	for (i = 1; i < LENGTH(numbers); i++)
		if (numbers[i] <= largest)
			measure_adoption(false, numbers[i], numbers[i] * PAGE);
	end_table();
}

int main(void)
{
	largest = setting("DMAOWN_BENCH_MOST", UINT64_MAX);
	one_area();
	many_areas();
	if (kernel_has_transfer())
		memory_check();
	else
		printf("The check of the memory alone: measured only on kernels that map areas by file.\n\n");
	adoption();
	print_machine();
	return 0;
}

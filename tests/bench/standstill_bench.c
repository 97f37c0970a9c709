// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures the standstill: the longest time that another thread is held up, which maps and unmaps
 * one page in the same IOAS all the time. Meanwhile all areas of the context move: by dmaown's
 * ioctl; or by the kernel's own ioctl; or, if the kernel has none, by unmapping and mapping them
 * again. The same is measured while the context is listed. Each area is one page, pinned by a
 * device.
 *
 * DMAOWN_BENCH_MOST=N limits the number of areas to N.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bare.h"
#include "bench.h"
#include "figures.h"
#include "machine.h"
#include "scene.h"
#include "take.h"
#include "tap.h"
#include "traffic.h"

#define AREAS 50000

#define NAME(c, v, n) [v] = n,
static const char *const modes[] = { DMAOWN_MODES(NAME) };

/* An activity during which the other thread is measured. */
static struct meanwhile {
	const char *name;
	/* Does it once. Return: the time that it takes, in nanoseconds. */
	uint64_t (*once)(struct subject *subject, int time);
	const struct stage *stage;
	enum way way;
	int command;
} meanwhile[8];

static struct subject subjects[8];

/* Duration of the last transfer or listing of areas; nothing() sleeps as long. */
static uint64_t pause_ns = 10000000;

/* Does the activity twice in a round, and records the longest delay during each. */
static void delay(struct subject *subject)
{
	const struct meanwhile *what = subject->data;
	int time;

	for (time = 0; time < 2; time++) {
		traffic_mark();
		also_took(subject, what->once(subject, time));
		took(subject, traffic_longest());
	}
}

static uint64_t nothing(struct subject *subject, int time)
{
	usleep(pause_ns / 1000);
	return pause_ns;
}

static uint64_t transfer(struct subject *subject, int time)
{
	const struct meanwhile *what = subject->data;
	struct answer answer = take(what->stage, 1 - time, what->way);

	errno = EPROTO;
	need(answer.areas >= what->stage->areas, "a transfer that moves all areas");
	subject->retries += answer.retries;
	pause_ns = answer.ns;
	return answer.ns;
}

static uint64_t dump(struct subject *subject, int time)
{
	const struct meanwhile *what = subject->data;
	uint64_t ns = bare_dump(what->command);

	/* The listing of areas takes longest. */
	if (what->command == DMAOWN_CMD_GET_AREA)
		pause_ns = ns;
	return ns;
}

static uint64_t read_all(struct subject *subject, int time)
{
	return bare_file("areas");
}

static unsigned int measure(struct stage *stage, unsigned int nr)
{
	unsigned int i, rounds;

	memset(subjects, 0, sizeof(subjects));
	for (i = 0; i < nr; i++) {
		meanwhile[i].stage = stage;
		subjects[i].run = delay;
		subjects[i].data = &meanwhile[i];
	}
	traffic_prepare();
	stage_set(stage);
	traffic_begin(stage);
	rounds = in_turn(subjects, nr);
	traffic_end();
	stage_clear(stage);
	return rounds;
}

static uint64_t longest(unsigned int i)
{
	return median(&subjects[i].times);
}

/* Fills the cells that all rows have. */
static void cells(unsigned int i, unsigned int rounds, uint64_t areas)
{
	cell("%s", meanwhile[i].name);
	cell_count(areas);
	cell_count(rounds);
	cell_time(longest(i));
	cell_time(least(&subjects[i].times));
	cell_time(most(&subjects[i].times));
	cell_time(median(&subjects[i].also));
}

/* TRANSFERS */

static void print_moves(enum dmaown_mode mode, unsigned int rounds, uint64_t areas, bool kernels)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		double part = ratio(longest(i), longest(2));

		cell("%s", modes[mode]);
		cells(i, rounds, areas);
		if (i == 1) {
			cell_ratio(part);
			if (kernels)
				goal_at_most(0.5, part);
			else
				no_goal();
			cell_ratio(ratio(least(&subjects[1].times), least(&subjects[2].times)));
		}
		end_row();
		if (subjects[i].retries)
			remark("%s, %s: retried %llu times in total.", modes[mode],
			       meanwhile[i].name, (unsigned long long)subjects[i].retries);
	}
}

static void moves(enum dmaown_mode mode, uint64_t areas, bool kernels)
{
	struct stage stage = {
		.mode = mode,
		.by_file = kernels,
		.one_user = true,
		.areas = areas,
		.length = PAGE,
	};
	unsigned int rounds;

	doing("mode %s, %llu areas", modes[mode], (unsigned long long)areas);
	memset(meanwhile, 0, sizeof(meanwhile));
	meanwhile[0] = (struct meanwhile){ .name = "nothing", .once = nothing };
	meanwhile[1] = (struct meanwhile){ .name = "ours", .once = transfer, .way = OURS };
	meanwhile[2] = (struct meanwhile){
		.name = kernels ? "the kernel's" : "unmap + map",
		.once = transfer,
		.way = kernels ? KERNELS : ANEW,
	};
	rounds = measure(&stage, 3);
	print_moves(mode, rounds, areas, kernels);
}

/* LISTINGS */

static void listings(uint64_t areas, bool by_file)
{
	struct stage stage = {
		.by_file = by_file,
		.one_user = true,
		.areas = areas,
		.length = PAGE,
	};
	unsigned int rounds, i;

	doing("listings of %llu areas", (unsigned long long)areas);
	memset(meanwhile, 0, sizeof(meanwhile));
	meanwhile[0] = (struct meanwhile){ .name = "nothing", .once = nothing };
	meanwhile[1] = (struct meanwhile){
		.name = "areas, netlink",
		.once = dump,
		.command = DMAOWN_CMD_GET_AREA,
	};
	meanwhile[2] = (struct meanwhile){ .name = "areas, debugfs", .once = read_all };
	meanwhile[3] = (struct meanwhile){
		.name = "contexts",
		.once = dump,
		.command = DMAOWN_CMD_GET_CONTEXT,
	};
	meanwhile[4] = (struct meanwhile){
		.name = "owners",
		.once = dump,
		.command = DMAOWN_CMD_GET_OWNER,
	};
	rounds = measure(&stage, 5);
	for (i = 0; i < 5; i++) {
		cells(i, rounds, areas);
		if (i)
			cell_ratio(ratio(longest(i), longest(0)));
		end_row();
	}
}

int main(void)
{
	uint64_t areas = setting("DMAOWN_BENCH_MOST", AREAS);
	bool kernels = kernel_has_transfer();
	int mode;

	if (areas > AREAS)
		areas = AREAS;
	table("Standstill: how long another thread's map or unmap of a page is held up while areas move",
	      kernels ?
		      "mode|meanwhile|areas|rounds|held up|least|most|which takes|of the kernel's|goal||of least" :
		      "mode|meanwhile|areas|rounds|held up|least|most|which takes|of unmap + map|goal||of least");
	for (mode = 0; mode < DMAOWN_MODE_COUNT; mode++)
		moves(mode, areas, kernels);
	remark("Held up: the longest map or unmap during each transfer: the median, least and most of these.");
	end_table();
	table("Standstill: the same while the context is listed: no goal",
	      "meanwhile|areas|rounds|held up|least|most|which takes|of nothing's");
	listings(areas, kernels);
	end_table();
	print_machine();
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures listings: `dmaownctl areas` for contexts of different sizes, in each form and over each
 * channel, beside the time of the kernel alone; and `dmaownctl list` on a host with many processes
 * and files.
 *
 * DMAOWN_BENCH_MOST=N leaves out cases with more than N areas.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bare.h"
#include "bench.h"
#include "figures.h"
#include "machine.h"
#include "scene.h"
#include "spawn.h"
#include "take.h"
#include "tap.h"

#define MIB (1ull << 20)
#define MS  1000000ull

/* One way to get a listing: by a command, a netlink dump or a file in debugfs. */
struct view {
	const char *channel, *form;
	const char *command[8]; /* command of the tool, or */
	int dump;		/* netlink dump that is only read, or */
	const char *file;	/* file in debugfs that is only read */
	uint64_t peak;
};

#define TOOL(over, as, ...)                               \
	{                                                 \
		.channel = over, .form = as, .command = { \
			"dmaownctl",                      \
			"--channel",                      \
			over,                             \
			__VA_ARGS__                       \
		}                                         \
	}

static struct view area_views[] = {
	TOOL("netlink", "table", "areas"),
	TOOL("netlink", "--raw", "areas", "--raw"),
	TOOL("netlink", "--json", "areas", "--json"),
	TOOL("debugfs", "table", "areas"),
	TOOL("debugfs", "--raw", "areas", "--raw"),
	TOOL("debugfs", "--json", "areas", "--json"),
	{ .channel = "netlink", .form = "only read", .dump = DMAOWN_CMD_GET_AREA },
	{ .channel = "debugfs", .form = "only read", .file = "areas" },
	{ .channel = "netlink", .form = "only sums", .dump = DMAOWN_CMD_GET_IOAS },
};

static struct view list_views[] = {
	TOOL("netlink", "table", "list"),
	TOOL("netlink", "--raw", "list", "--raw"),
	TOOL("netlink", "--json", "list", "--json"),
	TOOL("debugfs", "table", "list"),
	{ .channel = "netlink", .form = "only read", .dump = DMAOWN_CMD_GET_CONTEXT },
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define VIEWS	      LENGTH(area_views)

static struct subject subjects[VIEWS];
static uint64_t lines_expected;

static void look_once(struct subject *subject)
{
	struct view *view = subject->data;
	struct spawned spawned;

	if (!view->command[0]) {
		took(subject, view->dump ? bare_dump(view->dump) : bare_file(view->file));
		return;
	}
	spawned = spawn(view->command);
	errno = EPROTO;
	need(spawned.lines >= lines_expected, "a listing with a line for each");
	took(subject, spawned.whole_ns);
	if (spawned.first_ns)
		also_took(subject, spawned.first_ns);
	if (spawned.peak > view->peak)
		view->peak = spawned.peak;
}

static unsigned int look(struct view *views, unsigned int nr, uint64_t lines)
{
	unsigned int i;

	lines_expected = lines;
	memset(subjects, 0, sizeof(subjects));
	for (i = 0; i < nr; i++) {
		views[i].peak = 0;
		subjects[i].run = look_once;
		subjects[i].data = &views[i];
	}
	return in_turn(subjects, nr);
}

static uint64_t time_of(unsigned int i)
{
	return median(&subjects[i].times);
}

/* Fills two cells: the time until the first line, and the whole time. */
static void time_cells(unsigned int i)
{
	if (subjects[i].also.nr)
		cell_time(median(&subjects[i].also));
	else
		no_cell();
	cell_time(time_of(i));
}

/* AREAS */

static const uint64_t numbers[] = { 1, 10000, 100000 };
static double each_before[VIEWS];

static void print_areas(unsigned int i, uint64_t areas, unsigned int rounds)
{
	const struct view *view = &area_views[i];
	double each = (double)time_of(i) / areas;

	cell_count(areas);
	cell("%s", view->channel);
	cell("%s", view->form);
	cell_count(rounds);
	time_cells(i);
	if (view->command[0] && areas == 10000)
		goal_time(200 * MS, time_of(i));
	else
		no_goal();
	cell_time(each);
	if (view->command[0] && areas > 10000) {
		cell_ratio(each / each_before[i]);
		goal_at_most(STEADY, each / each_before[i]);
		cell_bytes(view->peak);
		goal_bytes(20 * MIB, view->peak);
	} else if (view->command[0]) {
		no_cell();
		no_goal();
		cell_bytes(view->peak);
	}
	each_before[i] = each;
	end_row();
}

static void look_at_areas(uint64_t areas)
{
	struct stage stage = { .areas = areas, .length = PAGE };
	unsigned int rounds, i;

	doing("%llu areas", (unsigned long long)areas);
	stage_set_alone(&stage);
	rounds = look(area_views, VIEWS, areas);
	stage_clear(&stage);
	for (i = 0; i < VIEWS; i++)
		print_areas(i, areas, rounds);
}

static void areas_listed(uint64_t largest)
{
	size_t i;

	table("Listings: dmaownctl areas",
	      "areas|channel|form|rounds|first line|whole|goal||each area|grew by|goal||peak memory|goal|");
	for (i = 0; i < LENGTH(numbers); i++)
		if (numbers[i] <= largest)
			look_at_areas(numbers[i]);
	remark("Medians, from before the fork until the command has exited; its output goes into a pipe.");
	remark("Only read: the same records are read into a buffer, but not decoded: the limit for any tool.");
	remark("Only sums: GET_IOAS, for which the kernel walks all areas and sends one record.");
	remark("Each area: the whole time divided by the number of areas.");
	remark("Grew by: the time for each area, divided by the same with the next smaller number of areas.");
	remark("Rounds: 7 or more; 3 if all views together take more than 5 seconds, 1 if more than a minute.");
	end_table();
}

/* A BUSY HOST */

#define PROCESSES 1000
#define FILES	  64
#define CONTEXTS  100

static pid_t processes[PROCESSES];

/*
 * Opens files in a process until it has FILES, including standard input, output and error. The
 * first CONTEXTS processes have a context with one area.
 */
static void open_files(void *data)
{
	int files = 3;

	if (*(unsigned int *)data < CONTEXTS) {
		int context = new_context();

		map(context, new_ioas(context), map_memory(new_memory(PAGE), PAGE, NULL), PAGE, 0);
		files += 2;
	}
	for (; files < FILES; files++)
		need(open("/dev/null", O_RDWR) >= 0, "/dev/null");
}

static void print_list(unsigned int rounds, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < LENGTH(list_views); i++) {
		cell("list");
		cell_count(nr);
		cell_count(nr ? CONTEXTS : 0);
		cell("%s", list_views[i].channel);
		cell("%s", list_views[i].form);
		cell_count(rounds);
		time_cells(i);
		if (list_views[i].command[0])
			cell_bytes(list_views[i].peak);
		else
			no_cell();
		end_row();
	}
}

/* Measures a transfer: it searches all processes for holders of the context. */
static void transfer_one(unsigned int nr)
{
	struct stage stage = { .areas = 1, .length = PAGE };
	struct turn turn = { .stage = &stage, .way = OURS };
	unsigned int rounds;

	memset(subjects, 0, sizeof(subjects));
	subjects[0] = (struct subject){ .run = take_in_turn, .data = &turn };
	stage_set(&stage);
	rounds = in_turn(subjects, 1);
	stage_clear(&stage);
	cell("transfer");
	cell_count(nr);
	cell_count(nr ? CONTEXTS + 1 : 1);
	cell("ioctl");
	cell("one area");
	cell_count(rounds);
	no_cell();
	cell_time(time_of(0));
	no_cell();
	end_row();
}

static void look_at_host(unsigned int nr)
{
	unsigned int rounds;

	doing("%u processes", nr);
	rounds = look(list_views, LENGTH(list_views), nr ? CONTEXTS : 0);
	print_list(rounds, nr);
	transfer_one(nr);
}

static void busy_host(void)
{
	unsigned int i;

	table("Listings: a host with many processes, 64 open files in each",
	      "what|more processes|contexts|channel|form|rounds|first line|whole|peak memory");
	look_at_host(0);
	for (i = 0; i < PROCESSES; i++)
		processes[i] = child(open_files, &i);
	look_at_host(PROCESSES);
	for (i = 0; i < PROCESSES; i++)
		end_child(processes[i]);
	remark("Transfer: the whole ioctl call, of one area by address, on the same host.");
	end_table();
}

int main(void)
{
	areas_listed(setting("DMAOWN_BENCH_MOST", UINT64_MAX));
	busy_host();
	print_machine();
	return 0;
}

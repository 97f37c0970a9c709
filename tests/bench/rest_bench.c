// SPDX-License-Identifier: GPL-2.0-only
/*
 * Costs at rest: how large the module is; whether contexts that it has looked at cost memory; and
 * what iommufd's own work and other processes take with it and without. The module is loaded and
 * unloaded in turn.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bare.h"
#include "bench.h"
#include "figures.h"
#include "machine.h"
#include "module.h"
#include "scene.h"
#include "tap.h"

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

enum { WITHOUT, WITH };

/* What is free, in bytes: also what each processor keeps at hand, and /proc/meminfo leaves out. */
static uint64_t free_memory(void)
{
	char *text = file_text("/proc/zoneinfo"), *line, *rest;
	uint64_t pages = 0, n;

	need(text, "/proc/zoneinfo");
	rest = text;
	while ((line = strsep(&rest, "\n")))
		if (sscanf(line, " pages free %lu", &n) == 1 || sscanf(line, " count: %lu", &n) == 1)
			pages += n;
	free(text);
	return pages * PAGE;
}

/* What of loading and unloading comes late has come by then. */
static void settle(void)
{
	usleep(100000);
}

/* SIZE */

static void size(void)
{
	static const char * const names[] = { "dmaown", "iommufd", "vfio" };
	unsigned int i;

	table("Costs at rest: memory of the module, and of its neighbours", "module|loaded");
	for (i = 0; i < LENGTH(names); i++) {
		uint64_t bytes = module_size(names[i]);

		cell("%s", names[i]);
		if (bytes)
			cell_bytes(bytes);
		else
			cell("built in");
		end_row();
	}
	remark("dmaown.ko has %llu KiB, debugging information included.",
	       (unsigned long long)module_file_size() / 1024);
	end_table();
}

/* MEMORY OF CONTEXTS */

/* So many that what a few pages more or less come to is little for each. */
#define CONTEXTS	10000

static int contexts[CONTEXTS];

/* Each has an IOAS and an area. */
static void open_contexts(void)
{
	void *memory = map_memory(new_memory(PAGE), PAGE, NULL);
	int i;

	for (i = 0; i < CONTEXTS; i++) {
		contexts[i] = new_context();
		map(contexts[i], new_ioas(contexts[i]), memory, PAGE, 0);
	}
}

static void close_contexts(void)
{
	int i;

	for (i = 0; i < CONTEXTS; i++)
		close(contexts[i]);
}

/* Times have no sign, and memory may well be freed meanwhile. */
#define BIAS	(1ull << 40)

static void cell_kib(uint64_t biased)
{
	cell("%lld KiB", (long long)(biased - BIAS) / 1024);
}

/* How much is free no more once the module is loaded and all contexts have been looked at. */
static void load_and_look(struct subject *subject)
{
	uint64_t before;

	module_load(false);
	settle();
	before = free_memory();
	module_load(true);
	bare_dump(DMAOWN_CMD_GET_CONTEXT);
	bare_dump(DMAOWN_CMD_GET_AREA);
	bare_dump(DMAOWN_CMD_GET_OWNER);
	bare_file("contexts");
	settle();
	took(subject, BIAS + before - free_memory());
}

static uint64_t memory_with(unsigned int nr)
{
	static struct subject subject;
	unsigned int rounds;

	doing("memory with %u contexts", nr);
	memset(&subject, 0, sizeof(subject));
	subject.run = load_and_look;
	rounds = in_turn(&subject, 1);
	cell_count(nr);
	cell_count(rounds);
	cell_kib(median(&subject.times));
	cell_kib(least(&subject.times));
	cell_kib(most(&subject.times));
	end_row();
	return median(&subject.times);
}

static void context_memory(void)
{
	int64_t without, with;

	table("Costs at rest: memory that is free no more when the module is loaded and has listed all",
	      "contexts|rounds|memory|least|most");
	without = memory_with(0);
	open_contexts();
	with = memory_with(CONTEXTS);
	close_contexts();
	remark("Medians. That is %lld bytes for a context, which has an IOAS and an area.",
	       (long long)(with - without) / CONTEXTS);
	end_table();
}

/* WORK OF OTHERS */

/* Whether the module is to be there for a subject, and what is done. */
struct work {
	bool module;
	void (*once)(void);
	unsigned int times;
};

static int context;
static uint32_t ioas;
static void *page;

static void open_and_close(void)
{
	close(new_context());
}

static void map_and_unmap(void)
{
	map(context, ioas, page, PAGE, 0);
	need(!try_unmap(context, ioas, 0, PAGE), "unmap");
}

static void fork_and_exit(void)
{
	pid_t pid = fork();

	need(pid >= 0, "fork");
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void work_once(struct subject *subject)
{
	const struct work *work = subject->data;
	unsigned int i;
	uint64_t began;

	module_load(work->module);
	settle();
	for (i = 0; i < work->times / 10; i++)
		work->once();
	began = now();
	for (i = 0; i < work->times; i++)
		work->once();
	took(subject, (now() - began) / work->times);
}

static void measure_work(const char *name, void (*once)(void), unsigned int times)
{
	struct work works[] = { { false, once, times }, { true, once, times } };
	static struct subject subjects[2];
	unsigned int rounds;

	doing("%s", name);
	memset(subjects, 0, sizeof(subjects));
	subjects[0] = (struct subject){ .run = work_once, .data = &works[WITHOUT] };
	subjects[1] = (struct subject){ .run = work_once, .data = &works[WITH] };
	rounds = in_turn(subjects, 2);
	cell("%s", name);
	cell_count(rounds);
	cell_time(median(&subjects[WITHOUT].times));
	cell_time(median(&subjects[WITH].times));
	cell_ratio(ratio(median(&subjects[WITH].times), median(&subjects[WITHOUT].times)));
	cell_ratio(ratio(least(&subjects[WITH].times), least(&subjects[WITHOUT].times)));
	end_row();
}

static void others_work(void)
{
	context = new_context();
	ioas = new_ioas(context);
	page = map_memory(new_memory(PAGE), PAGE, NULL);
	table("Costs at rest: work of others, with the module loaded and without",
	      "work|rounds|not loaded|loaded|ratio|ratio of least");
	measure_work("open and close /dev/iommu", open_and_close, 1000);
	measure_work("map and unmap a page", map_and_unmap, 1000);
	measure_work("fork and exit", fork_and_exit, 100);
	remark("Medians, for each time that it is done. The module hooks into nothing of it.");
	end_table();
	close(context);
}

int main(void)
{
	struct rlimit files = { CONTEXTS + 100, CONTEXTS + 100 };

	need(!setrlimit(RLIMIT_NOFILE, &files), "RLIMIT_NOFILE");
	size();
	context_memory();
	others_work();
	module_load(true);
	print_machine();
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures the costs at rest: the size of the module; the memory that listed contexts cost; and the
 * time that iommufd's own work and other processes take with the module and without. The module is
 * loaded and unloaded in turn.
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

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum { WITHOUT, WITH };

/* Return: free memory in bytes, including the per-CPU lists, which /proc/meminfo leaves out. */
static uint64_t free_memory(void)
{
	char *text = file_text("/proc/zoneinfo"), *line, *rest;
	uint64_t pages = 0, n;

	need(text, "/proc/zoneinfo");
	rest = text;
	while ((line = strsep(&rest, "\n")))
		if (sscanf(line, " pages free %lu", &n) == 1 ||
		    sscanf(line, " count: %lu", &n) == 1)
			pages += n;
	free(text);
	return pages * PAGE;
}

/* Waits for the late effects of loading and unloading. */
static void settle(void)
{
	usleep(100000);
}

/* SIZE */

static void size(void)
{
	static const char *const names[] = { "dmaown", "iommufd", "vfio" };
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

/* So many contexts that a few pages more or less hardly change the memory per context. */
#define CONTEXTS 10000

static int contexts[CONTEXTS];

/* Opens the contexts, each with one IOAS and one area. */
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

/* Times are unsigned, and the difference of free memory may be negative: add this to it. */
#define BIAS (1ull << 40)

static void cell_kib(uint64_t biased)
{
	cell("%lld KiB", (long long)(biased - BIAS) / 1024);
}

/* Measures the memory that is no longer free after loading the module and listing all contexts. */
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

	table("Costs at rest: memory that is no longer free after the module is loaded and has listed all",
	      "contexts|rounds|memory|least|most");
	without = memory_with(0);
	open_contexts();
	with = memory_with(CONTEXTS);
	close_contexts();
	remark("Medians. That is %lld bytes for each context, which has one IOAS and one area.",
	       (long long)(with - without) / CONTEXTS);
	end_table();
}

/* WORK OF OTHERS */

/* The work of a subject. */
struct work {
	bool module; /* loaded for this work, otherwise unloaded */
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
	remark("Medians, for doing the work once. The module hooks into none of this work.");
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

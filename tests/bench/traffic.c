// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "scene.h"
#include "tap.h"
#include "traffic.h"

static struct {
	const struct stage *stage;
	pthread_t thread;
	int memory;
	void *addr;
	bool stop;
	uint64_t longest;
	uint64_t operations;
} traffic;

/* Return: the IOVA of the page: before all areas, with some space in between. */
static uint64_t iova(void)
{
	return stage_iova(traffic.stage, 0) - HUGE_PAGE;
}

static int map_page(void)
{
	const struct stage *stage = traffic.stage;

	if (stage->by_file)
		return try_map_file(stage->context, stage->ioas, traffic.memory, 0, PAGE, iova());
	return try_map(stage->context, stage->ioas, traffic.addr, PAGE, iova());
}

static int unmap_page(void)
{
	return try_unmap(traffic.stage->context, traffic.stage->ioas, iova(), PAGE);
}

static void operate(int (*operation)(void), const char *name)
{
	uint64_t began = now(), ns;

	need(!operation(), name);
	ns = now() - began;
	if (ns > __atomic_load_n(&traffic.longest, __ATOMIC_RELAXED))
		__atomic_store_n(&traffic.longest, ns, __ATOMIC_RELAXED);
	__atomic_add_fetch(&traffic.operations, 1, __ATOMIC_RELEASE);
}

static void *keep_on(void *unused)
{
	while (!__atomic_load_n(&traffic.stop, __ATOMIC_RELAXED)) {
		operate(map_page, "a page mapped meanwhile");
		operate(unmap_page, "a page unmapped meanwhile");
	}
	return NULL;
}

void traffic_prepare(void)
{
	traffic.memory = new_memory(PAGE);
	traffic.addr = map_memory(traffic.memory, PAGE, NULL);
}

void traffic_begin(const struct stage *stage)
{
	traffic.stage = stage;
	traffic.stop = false;
	need(!pthread_create(&traffic.thread, NULL, keep_on, NULL), "a thread");
}

void traffic_end(void)
{
	__atomic_store_n(&traffic.stop, true, __ATOMIC_RELAXED);
	pthread_join(traffic.thread, NULL);
	munmap(traffic.addr, PAGE);
	close(traffic.memory);
}

void traffic_mark(void)
{
	__atomic_store_n(&traffic.longest, 0, __ATOMIC_RELAXED);
}

uint64_t traffic_longest(void)
{
	uint64_t operations = __atomic_load_n(&traffic.operations, __ATOMIC_ACQUIRE);

	while (__atomic_load_n(&traffic.operations, __ATOMIC_ACQUIRE) < operations + 1)
		usleep(50);
	return __atomic_load_n(&traffic.longest, __ATOMIC_RELAXED);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/sched/signal.h>

#include "glance.h"
#include "memory.h"

/*
 * Steps of a glance: some in any case, and two for each area, because mappings may begin at other
 * addresses in the new owner. The limit is enough for two processes that have as many mappings as
 * the kernel allows by default (65530).
 */
#define STEPS_FIRST (2 * GLANCE_RANGES)
#define STEPS_AREA  2
#define STEPS_MOST  131072

void dmaown_glance_forget(struct glance *glance)
{
	glance->nr = 0;
	glance->allowed = 0;
	glance->used = 0;
	glance->failed = false;
}

static int glance_stop(enum dmaown_reason reason, unsigned long addr, unsigned long length,
		       void *arg)
{
	bool *differs = arg;

	*differs = true;
	return -ENXIO;
}

/* Return: true if the memory is the same. */
static bool glance_at(struct glance *glance, struct memory *memory, const struct mem_range *range)
{
	unsigned long length = range_length(range);
	unsigned long done = 0;
	bool differs = false;

	while (done < length && !differs) {
		unsigned long at = range->addr + done;
		unsigned int steps;

		if (glance->used >= STEPS_FIRST + glance->allowed || fatal_signal_pending(current))
			return false;
		if (!dmaown_memory_hold(memory, range->mm))
			return false;
		steps = memory->steps;
		done += dmaown_memory_compare(memory, at, at + range->delta, length - done,
					      range->want, glance_stop, &differs);
		glance->used += steps - memory->steps;
	}
	return !differs;
}

static bool glance_at_all(struct glance *glance, struct mm_struct *to)
{
	struct memory memory;
	unsigned int i;

	dmaown_memory_init(&memory, to);
	for (i = 0; i < glance->nr && !glance->failed; i++)
		glance->failed = !glance_at(glance, &memory, &glance->ranges[i]);
	dmaown_memory_end(&memory);
	glance->nr = 0;
	return !glance->failed;
}

static bool glance_join(struct glance *glance, const struct mem_range *range)
{
	return glance->nr && range_join(&glance->ranges[glance->nr - 1], range);
}

bool dmaown_glance_add(struct glance *glance, struct mm_struct *to, const struct mem_range *range,
		       unsigned int areas)
{
	if (glance->failed)
		return false;
	glance->allowed = min(glance->allowed + STEPS_AREA * areas, STEPS_MOST);
	if (glance_join(glance, range))
		return true;
	if (glance->nr == GLANCE_RANGES && !glance_at_all(glance, to))
		return false;
	glance->ranges[glance->nr++] = *range;
	return true;
}

bool dmaown_glance_end(struct glance *glance, struct mm_struct *to)
{
	return !glance->failed && glance_at_all(glance, to);
}

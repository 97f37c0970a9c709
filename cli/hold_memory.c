// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "exits.h"
#include "hold_memory.h"

/* Huge pages of any size lie here as they do there. */
#define ALIGNMENT	(1ULL << 30)

#define RESERVE		(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

static void *at(uint64_t addr)
{
	return (void *)(uintptr_t)addr;
}

/* Room for a span, at the same addresses if they are free; or 0. */
static uint64_t reserve(uint64_t start, uint64_t size)
{
	void *room = mmap(at(start), size, PROT_NONE, RESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	uint64_t begin, here;

	if (room != MAP_FAILED)
		return (uintptr_t)room;
	room = mmap(NULL, size + ALIGNMENT, PROT_NONE, RESERVE, -1, 0);
	if (room == MAP_FAILED)
		return 0;
	begin = (uintptr_t)room;
	here = begin + ((start - begin) & (ALIGNMENT - 1));
	if (here > begin)
		munmap(room, here - begin);
	munmap(at(here + size), begin + ALIGNMENT - here);
	return here;
}

static int map_file(int fd, const struct mapping *mapping, uint64_t here)
{
	int prot = (mapping->readable ? PROT_READ : 0) | (mapping->writable ? PROT_WRITE : 0);
	uint64_t size = mapping->end - mapping->start;

	if (mmap(at(here), size, prot, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd,
		 mapping->offset) == MAP_FAILED ||
	    madvise(at(here), size, MADV_DONTFORK) || madvise(at(here), size, MADV_DONTDUMP))
		return -errno;
	return 0;
}

static int map_one(uint32_t pid, const struct mapping *mapping, uint64_t here)
{
	char path[96];
	int fd, rc;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/map_files/%" PRIx64 "-%" PRIx64, pid,
		 mapping->start, mapping->end);
	fd = open(path, (mapping->writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	rc = fd < 0 ? -errno : map_file(fd, mapping, here);
	if (fd >= 0)
		close(fd);
	if (!rc)
		return 0;
	warnx("cannot map what process %" PRIu32 " has at 0x%" PRIx64 "-0x%" PRIx64 ": %s", pid,
	      mapping->start, mapping->end - 1, strerror(-rc));
	return EXIT_OTHER;
}

static int map_span(struct hold_memory *memory, uint32_t pid, const struct mapping *mappings,
		    size_t nr)
{
	struct hold_span *span = &memory->spans[memory->nr];
	size_t i;
	int rc = 0;

	span->start = mappings[0].start;
	span->end = mappings[nr - 1].end;
	span->here = reserve(span->start, span->end - span->start);
	if (!span->here) {
		warn("no room for what process %" PRIu32 " has at 0x%" PRIx64 "-0x%" PRIx64, pid,
		     span->start, span->end - 1);
		return EXIT_OTHER;
	}
	memory->nr++;
	memory->elsewhere = memory->elsewhere || span->here != span->start;
	for (i = 0; i < nr && !rc; i++)
		if (mappings[i].shared)
			rc = map_one(pid, &mappings[i],
				     span->here + (mappings[i].start - span->start));
	return rc;
}

/* The first mapping that ends above an address. */
static size_t first_above(const struct maps *maps, uint64_t addr)
{
	size_t low = 0, high = maps->nr, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (maps->items[mid].end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool *find_wanted(const struct maps *maps, const struct hold_range *ranges, size_t nr)
{
	bool *wanted = calloc(maps->nr + 1, sizeof(*wanted));
	size_t i, k;

	for (i = 0; wanted && i < nr; i++)
		for (k = first_above(maps, ranges[i].start);
		     k < maps->nr && maps->items[k].start < ranges[i].end; k++)
			wanted[k] = true;
	return wanted;
}

static size_t span_length(const struct maps *maps, const bool *wanted, size_t first)
{
	size_t end = first + 1;

	while (end < maps->nr && wanted[end] &&
	       maps->items[end].start == maps->items[end - 1].end)
		end++;
	return end - first;
}

static int map_wanted(struct hold_memory *memory, uint32_t pid, const struct maps *maps,
		      const bool *wanted)
{
	size_t i, length;
	int rc = 0;

	for (i = 0; i < maps->nr && !rc; i += length) {
		length = wanted[i] ? span_length(maps, wanted, i) : 1;
		if (wanted[i])
			rc = map_span(memory, pid, &maps->items[i], length);
	}
	return rc;
}

int hold_memory_map(struct hold_memory *memory, uint32_t pid, const struct hold_range *ranges,
		    size_t nr)
{
	struct maps maps = { 0 };
	bool *wanted = NULL;
	int rc;

	*memory = (struct hold_memory){ 0 };
	rc = maps_read(&maps, pid);
	if (rc) {
		warnx("cannot see what process %" PRIu32 " has mapped: %s", pid, strerror(-rc));
		return exit_of_errno(-rc);
	}
	wanted = find_wanted(&maps, ranges, nr);
	memory->spans = calloc(maps.nr, sizeof(*memory->spans));
	if (wanted && memory->spans) {
		rc = map_wanted(memory, pid, &maps, wanted);
	} else {
		warn("memory");
		rc = EXIT_OTHER;
	}
	free(wanted);
	maps_free(&maps);
	return rc;
}

static int compare_address(const void *key, const void *item)
{
	uint64_t addr = *(const uint64_t *)key;
	const struct hold_span *span = item;

	if (addr < span->start)
		return -1;
	return addr >= span->end;
}

uint64_t hold_memory_here(const struct hold_memory *memory, uint64_t addr)
{
	const struct hold_span *span;

	if (!memory->nr)
		return addr;
	span = bsearch(&addr, memory->spans, memory->nr, sizeof(*memory->spans), compare_address);
	return span ? addr - span->start + span->here : addr;
}

uint64_t hold_memory_there(const struct hold_memory *memory, uint64_t addr)
{
	const struct hold_span *span;
	size_t i;

	for (i = 0; memory->elsewhere && i < memory->nr; i++) {
		span = &memory->spans[i];
		if (addr >= span->here && addr - span->here < span->end - span->start)
			return addr - span->here + span->start;
	}
	return 0;
}

void hold_memory_free(struct hold_memory *memory)
{
	free(memory->spans);
	*memory = (struct hold_memory){ 0 };
}

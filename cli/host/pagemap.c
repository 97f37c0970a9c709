// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/param.h>
#include <unistd.h>

#include "pagemap.h"

/* Bits of an entry: see Documentation/admin-guide/mm/pagemap.rst of the kernel. */
#define SWAPPED (UINT64_C(1) << 62)
#define PRESENT (UINT64_C(1) << 63)

/* Entries that are read at a time */
#define ENTRIES 512

int pagemap_open(uint32_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/pagemap", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool is_empty(uint64_t entry)
{
	return !(entry & (SWAPPED | PRESENT));
}

/* Read entries from a page on. Return: their number, which may be 0. */
static size_t read_entries(int fd, uint64_t first, uint64_t nr, uint64_t entries[ENTRIES])
{
	ssize_t got;

	if (fd < 0)
		return 0;
	got = pread(fd, entries, MIN(nr, ENTRIES) * sizeof(*entries), first * sizeof(*entries));
	return got < 0 ? 0 : got / sizeof(*entries);
}

uint64_t pagemap_look(int fd, uint64_t addr, uint64_t length, bool *empty)
{
	uint64_t page = sysconf(_SC_PAGESIZE), first = addr / page;
	uint64_t entries[ENTRIES];
	size_t nr = read_entries(fd, first, (addr + length - 1) / page - first + 1, entries);
	size_t run = 1;

	*empty = nr && is_empty(entries[0]);
	if (!nr)
		return length;
	while (run < nr && is_empty(entries[run]) == *empty)
		run++;
	return MIN((first + run) * page - addr, length);
}

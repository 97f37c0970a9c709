// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array.h"
#include "exit_status.h"
#include "mirror.h"

/* Keep the alignment of huge pages of any size. */
#define ALIGNMENT (1ULL << 30)

#define RESERVE (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

static void *at(uint64_t addr)
{
	return (void *)(uintptr_t)addr;
}

/* Reserve addresses for a span, the same ones if they are free. Return: the address, or 0. */
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

static int map_file(int fd, int prot, uint64_t here, uint64_t size, uint64_t offset)
{
	if (mmap(at(here), size, prot, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd, offset) ==
		    MAP_FAILED ||
	    madvise(at(here), size, MADV_DONTFORK) || madvise(at(here), size, MADV_DONTDUMP))
		return -errno;
	return 0;
}

static int protection(const struct mapping *mapping)
{
	return (mapping->readable ? PROT_READ : 0) | (mapping->writable ? PROT_WRITE : 0);
}

/* MEMORY OF DEVICES */

/* All devices that were opened through groups share the anonymous inode. */
static int find_files(struct mirror_device *device, const struct mirror_files *files,
		      const struct mapping *mapping)
{
	struct stat st;
	size_t i;

	device->files = calloc(files->nr + 1, sizeof(*device->files));
	if (!device->files)
		return -ENOMEM;
	for (i = 0; i < files->nr; i++)
		if (!fstat(files->fds[i], &st) && st.st_dev == mapping->device &&
		    st.st_ino == mapping->inode)
			device->files[device->nr_files++] = i;
	return 0;
}

/* Map the first candidate, starting at first, that can be mapped there. */
static int map_device(struct mirror_device *device, const struct mirror_files *files, size_t first)
{
	int rc = -ENXIO;

	for (device->file = first; device->file < device->nr_files; device->file++) {
		rc = map_file(files->fds[device->files[device->file]], device->prot, device->here,
			      device->size, device->offset);
		if (!rc)
			break;
	}
	return rc;
}

/* Return: 1 if the memory is of a device and is now mapped here, 0 if it is not, or -errno. */
static int map_if_device(struct mirror *mirror, const struct mirror_files *files,
			 const struct mapping *mapping, uint64_t here)
{
	struct mirror_device device = {
		.here = here,
		.size = mapping->end - mapping->start,
		.offset = mapping->offset,
		.prot = protection(mapping),
	};
	int rc = find_files(&device, files, mapping);

	if (!rc && device.nr_files &&
	    !array_grow((void **)&mirror->devices, &mirror->room_devices, mirror->nr_devices + 1,
			sizeof(*mirror->devices)))
		rc = -ENOMEM;
	if (!rc && device.nr_files)
		rc = map_device(&device, files, 0);
	if (rc || !device.nr_files) {
		free(device.files);
		return rc;
	}
	mirror->devices[mirror->nr_devices++] = device;
	return 1;
}

bool mirror_switch(struct mirror *mirror, const struct mirror_files *files, uint64_t here)
{
	struct mirror_device *device;
	size_t i;

	for (i = 0; i < mirror->nr_devices; i++) {
		device = &mirror->devices[i];
		if (here >= device->here && here - device->here < device->size)
			return device->file < device->nr_files &&
			       !map_device(device, files, device->file + 1);
	}
	return false;
}

/* ALL MEMORY */

static int map_other(uint32_t pid, const struct mapping *mapping, uint64_t here)
{
	char path[96];
	int fd, rc;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/map_files/%" PRIx64 "-%" PRIx64, pid,
		 mapping->start, mapping->end);
	fd = open(path, (mapping->writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = map_file(fd, protection(mapping), here, mapping->end - mapping->start,
		      mapping->offset);
	close(fd);
	return rc;
}

static int map_one(struct mirror *mirror, uint32_t pid, const struct mirror_files *files,
		   const struct mapping *mapping, uint64_t here)
{
	int rc = map_if_device(mirror, files, mapping, here);

	if (!rc)
		rc = map_other(pid, mapping, here);
	if (rc >= 0)
		return 0;
	warnx("cannot map what process %" PRIu32 " has at 0x%" PRIx64 "-0x%" PRIx64 ": %s", pid,
	      mapping->start, mapping->end - 1, strerror(-rc));
	return EXIT_OTHER;
}

static int map_span(struct mirror *mirror, uint32_t pid, const struct mirror_files *files,
		    const struct mapping *mappings, size_t nr)
{
	struct mirror_span *span = &mirror->spans[mirror->nr];
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
	mirror->nr++;
	mirror->elsewhere = mirror->elsewhere || span->here != span->start;
	for (i = 0; i < nr && !rc; i++)
		if (mappings[i].shared)
			rc = map_one(mirror, pid, files, &mappings[i],
				     span->here + (mappings[i].start - span->start));
	return rc;
}

/* Return: the index of the first mapping that ends above an address. */
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

static bool *find_wanted(const struct maps *maps, const struct mirror_range *ranges, size_t nr)
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

	while (end < maps->nr && wanted[end] && maps->items[end].start == maps->items[end - 1].end)
		end++;
	return end - first;
}

static int map_wanted(struct mirror *mirror, uint32_t pid, const struct mirror_files *files,
		      const struct maps *maps, const bool *wanted)
{
	size_t i, length;
	int rc = 0;

	for (i = 0; i < maps->nr && !rc; i += length) {
		length = wanted[i] ? span_length(maps, wanted, i) : 1;
		if (wanted[i])
			rc = map_span(mirror, pid, files, &maps->items[i], length);
	}
	return rc;
}

static int compare_here(const void *a, const void *b)
{
	const struct mirror_span *x = *(const struct mirror_span *const *)a;
	const struct mirror_span *y = *(const struct mirror_span *const *)b;

	return x->here < y->here ? -1 : x->here > y->here;
}

static int sort_by_here(struct mirror *mirror)
{
	size_t i;

	mirror->by_here = calloc(mirror->nr + 1, sizeof(*mirror->by_here));
	if (!mirror->by_here) {
		warn("memory");
		return EXIT_OTHER;
	}
	for (i = 0; i < mirror->nr; i++)
		mirror->by_here[i] = &mirror->spans[i];
	qsort(mirror->by_here, mirror->nr, sizeof(*mirror->by_here), compare_here);
	return 0;
}

int mirror_map(struct mirror *mirror, uint32_t pid, const struct mirror_files *files,
	       const struct mirror_range *ranges, size_t nr)
{
	struct maps maps = { 0 };
	bool *wanted = NULL;
	int rc;

	*mirror = (struct mirror){ 0 };
	rc = maps_read(&maps, pid);
	if (rc) {
		warnx("cannot read what process %" PRIu32 " has mapped: %s", pid, strerror(-rc));
		return exit_of_errno(-rc);
	}
	wanted = find_wanted(&maps, ranges, nr);
	mirror->spans = calloc(maps.nr, sizeof(*mirror->spans));
	if (wanted && mirror->spans) {
		rc = map_wanted(mirror, pid, files, &maps, wanted) ?: sort_by_here(mirror);
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
	const struct mirror_span *span = item;

	if (addr < span->start)
		return -1;
	return addr >= span->end;
}

uint64_t mirror_here(const struct mirror *mirror, uint64_t addr)
{
	const struct mirror_span *span;

	if (!mirror->nr)
		return addr;
	span = bsearch(&addr, mirror->spans, mirror->nr, sizeof(*mirror->spans), compare_address);
	return span ? addr - span->start + span->here : addr;
}

static int compare_address_here(const void *key, const void *item)
{
	uint64_t addr = *(const uint64_t *)key;
	const struct mirror_span *span = *(const struct mirror_span *const *)item;

	if (addr < span->here)
		return -1;
	return addr - span->here >= span->end - span->start;
}

uint64_t mirror_there(const struct mirror *mirror, uint64_t addr)
{
	const struct mirror_span *const *found;

	if (!mirror->elsewhere)
		return 0;
	found = bsearch(&addr, mirror->by_here, mirror->nr, sizeof(*mirror->by_here),
			compare_address_here);
	return found ? addr - (*found)->here + (*found)->start : 0;
}

void mirror_free(struct mirror *mirror)
{
	size_t i;

	for (i = 0; i < mirror->nr_devices; i++)
		free(mirror->devices[i].files);
	free(mirror->devices);
	free(mirror->spans);
	free(mirror->by_here);
	*mirror = (struct mirror){ 0 };
}

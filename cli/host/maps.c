// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <unistd.h>

#include "array.h"
#include "maps.h"

static int add(struct maps *maps, const struct mapping *mapping)
{
	if (!array_grow((void **)&maps->items, &maps->room, maps->nr + 1, sizeof(*maps->items)))
		return -ENOMEM;
	maps->items[maps->nr++] = *mapping;
	return 0;
}

/* START-END rwxs OFFSET MAJOR:MINOR INODE    PATH */
static int parse_line(struct maps *maps, char *line)
{
	struct mapping mapping = { 0 };
	unsigned int major, minor;
	char flags[5];
	int path = 0, rc;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n",
		   &mapping.start, &mapping.end, flags, &mapping.offset, &major, &minor,
		   &mapping.inode, &path) != 7 ||
	    !path || strlen(flags) != 4)
		return -EBADMSG;
	mapping.device = makedev(major, minor);
	mapping.readable = flags[0] == 'r';
	mapping.writable = flags[1] == 'w';
	mapping.shared = flags[3] == 's' && (mapping.device || mapping.inode);
	if (mapping.shared) {
		mapping.path = strdup(line + path);
		if (!mapping.path)
			return -ENOMEM;
	}
	rc = add(maps, &mapping);
	if (rc)
		free(mapping.path);
	return rc;
}

int maps_parse(struct maps *maps, FILE *file)
{
	char *line = NULL;
	size_t room = 0;
	int rc = 0;

	errno = 0;
	while (!rc && getline(&line, &room, file) > 0)
		rc = parse_line(maps, line);
	if (!rc && ferror(file))
		rc = errno ? -errno : -EIO;
	free(line);
	return rc;
}

bool maps_alive(int fd)
{
	char byte;

	return pread(fd, &byte, 1, 0) == 1;
}

/* Return: a descriptor, -ESRCH if the thread or its address space is gone, or -errno. */
static int open_one(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	if (maps_alive(fd))
		return fd;
	close(fd);
	return -ESRCH;
}

/* A leader that exits before the other threads loses its address space. They keep it. */
static int open_threads(uint32_t pid)
{
	char path[64];
	struct dirent *thread;
	DIR *threads;
	int fd = -ESRCH;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/task", pid);
	threads = opendir(path);
	if (!threads)
		return errno == ENOENT ? -ESRCH : -errno;
	while (fd == -ESRCH && (thread = readdir(threads))) {
		if (*thread->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%" PRIu32 "/task/%.20s/maps", pid,
			 thread->d_name);
		fd = open_one(path);
	}
	closedir(threads);
	return fd;
}

int maps_open(uint32_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/maps", pid);
	fd = open_one(path);
	return fd == -ESRCH ? open_threads(pid) : fd;
}

int maps_read(struct maps *maps, uint32_t pid)
{
	int fd = maps_open(pid), rc;
	FILE *file;

	maps_free(maps);
	if (fd < 0)
		return fd;
	file = fdopen(fd, "r");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	rc = maps_parse(maps, file);
	fclose(file);
	return rc ?: maps->nr ? rc : -ESRCH;
}

static int compare_address(const void *key, const void *item)
{
	uint64_t addr = *(const uint64_t *)key;
	const struct mapping *mapping = item;

	if (addr < mapping->start)
		return -1;
	return addr >= mapping->end;
}

const struct mapping *maps_at(const struct maps *maps, uint64_t addr)
{
	if (!maps->nr)
		return NULL;
	return bsearch(&addr, maps->items, maps->nr, sizeof(*maps->items), compare_address);
}

void mapping_put_path(FILE *out, const struct mapping *mapping)
{
	const unsigned char *c;

	for (c = (const unsigned char *)(mapping->path ?: ""); *c; c++) {
		if (*c < ' ' || *c == 0x7f)
			fprintf(out, "\\%03o", *c);
		else
			putc(*c, out);
	}
}

void maps_free(struct maps *maps)
{
	size_t i;

	for (i = 0; i < maps->nr; i++)
		free(maps->items[i].path);
	free(maps->items);
	*maps = (struct maps){ 0 };
}

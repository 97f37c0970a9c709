// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blob.h"

/* For sysfs: its files cannot be mapped, and some do not report their size. */
static int blob_read(struct blob *blob, int fd)
{
	ssize_t got;

	do {
		blob_reserve(blob, 1 << 16);
		got = read(fd, blob->data + blob->size, blob->room - blob->size);
		if (got > 0)
			blob->size += got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	return got < 0 ? -errno : 0;
}

static int blob_fill(struct blob *blob, int fd)
{
	struct stat st;
	void *map;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return blob_read(blob, fd);
	*blob = (struct blob){ .data = map, .size = st.st_size };
	return 0;
}

int blob_open(struct blob *blob, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error;

	*blob = (struct blob){};
	if (fd < 0)
		return -errno;
	error = blob_fill(blob, fd);
	close(fd);
	if (error)
		blob_close(blob);
	return error;
}

void blob_reserve(struct blob *blob, size_t more)
{
	if (blob->room - blob->size >= more)
		return;
	blob->room = blob->size + more + blob->room;
	blob->data = realloc(blob->data, blob->room);
	if (!blob->data) {
		perror("layout");
		exit(EXIT_FAILURE);
	}
}

void blob_close(struct blob *blob)
{
	if (blob->room)
		free(blob->data);
	else if (blob->data)
		munmap(blob->data, blob->size);
	*blob = (struct blob){};
}

bool blob_has(const struct blob *blob, size_t offset, const void *bytes, size_t length)
{
	return blob->size >= length && offset <= blob->size - length &&
	       !memcmp(blob->data + offset, bytes, length);
}

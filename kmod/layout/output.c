// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "blob.h"
#include "complain.h"
#include "output.h"

static bool is_same(const char *path, const char *text, size_t size)
{
	struct blob old;
	bool same = !blob_open(&old, path) && old.size == size && blob_has(&old, 0, text, size);

	blob_close(&old);
	return same;
}

static bool write_all(const char *path, const char *text, size_t size)
{
	FILE *file = fopen(path, "w");
	bool written;

	if (!file)
		return false;
	written = fwrite(text, 1, size, file) == size;
	return !fclose(file) && written;
}

int output(const char *path, const char *text, size_t size)
{
	char next[PATH_MAX];
	int error;

	if (is_same(path, text, size))
		return 0;
	snprintf(next, sizeof(next), "%s.%d", path, getpid());
	if (write_all(next, text, size) && !rename(next, path))
		return 0;
	error = errno;
	unlink(next);
	return complain("%s cannot be written: %s", path, strerror(error));
}

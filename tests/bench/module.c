// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "module.h"
#include "scene.h"
#include "tap.h"

/* Return: the path of dmaown.ko. tests/vm/run sets DMAOWN_KMOD. */
static const char *module_path(void)
{
	static char path[4096];
	const char *folder = getenv("DMAOWN_KMOD");

	need(folder, "DMAOWN_KMOD");
	snprintf(path, sizeof(path), "%s/dmaown.ko", folder);
	return path;
}

void module_load(bool wanted)
{
	bool loaded = !access("/sys/module/dmaown", F_OK);
	int fd;

	if (loaded == wanted)
		return;
	if (!wanted) {
		need(!syscall(SYS_delete_module, "dmaown", O_NONBLOCK), "unloading dmaown.ko");
		return;
	}
	fd = open(module_path(), O_RDONLY | O_CLOEXEC);
	need(fd >= 0, module_path());
	need(!syscall(SYS_finit_module, fd, "", 0), "loading dmaown.ko");
	close(fd);
}

uint64_t module_size(const char *name)
{
	uint64_t size;
	char path[100], *text;

	snprintf(path, sizeof(path), "/sys/module/%s/coresize", name);
	text = file_text(path);
	size = text ? strtoull(text, NULL, 10) : 0;
	free(text);
	return size;
}

uint64_t module_file_size(void)
{
	struct stat stat_of;

	need(!stat(module_path(), &stat_of), module_path());
	return stat_of.st_size;
}

// SPDX-License-Identifier: GPL-2.0
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "complain.h"
#include "config.h"

int config_check(const char *kdir)
{
	static const char option[] = "CONFIG_RANDSTRUCT=y\n";
	char path[PATH_MAX], line[256];
	bool random = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/include/config/auto.conf", kdir);
	file = fopen(path, "r");
	if (!file)
		return 0;
	while (!random && fgets(line, sizeof(line), file))
		random = !strcmp(line, option);
	fclose(file);
	if (random)
		return complain("the members of its structs are in random order (CONFIG_RANDSTRUCT in %s), which is not supported: build the kernel with CONFIG_RANDSTRUCT_NONE=y",
				path);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user.h"

static bool is_unit(const char *name, size_t length)
{
	static const char *const suffixes[] = { ".service", ".scope", ".slice" };
	size_t i, n;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		n = strlen(suffixes[i]);
		if (length > n && !strncmp(name + length - n, suffixes[i], n))
			return true;
	}
	return false;
}

/* Find the path of the unified hierarchy, or on older hosts of systemd's own hierarchy. */
static const char *cgroup_path(const char *contents, size_t *length)
{
	static const char *const hierarchies[] = { ":name=systemd:", "0::" };
	const char *line, *at, *path = NULL;
	size_t i;

	for (line = contents; line && *line; line = strchr(line, '\n') ?: "", line += *line != 0) {
		for (i = 0; i < 2; i++) {
			at = i ? line : line + strspn(line, "0123456789");
			if (strncmp(at, hierarchies[i], strlen(hierarchies[i])))
				continue;
			at += strlen(hierarchies[i]);
			/* On a hybrid host the unified hierarchy has processes at its root only. */
			if (!path || strcspn(at, "\n") > 1) {
				path = at;
				*length = strcspn(at, "\n");
			}
		}
	}
	return path;
}

char *unit_of_cgroup(const char *contents)
{
	const char *path, *component, *unit = NULL;
	size_t length = 0, n, unit_length = 0;

	path = cgroup_path(contents, &length);
	if (!path || !length)
		return NULL;
	for (component = path; component < path + length; component += n + 1) {
		n = strcspn(component, "/\n");
		if (is_unit(component, n)) {
			unit = component;
			unit_length = n;
		}
	}
	return unit ? strndup(unit, unit_length) : strndup(path, length);
}

char *unit_of_process(uint32_t pid)
{
	char path[sizeof("/proc//cgroup") + 10];
	char contents[4096 * 2];
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/cgroup", pid);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	length = fread(contents, 1, sizeof(contents) - 1, file);
	fclose(file);
	contents[length] = '\0';
	return unit_of_cgroup(contents);
}

static char *look_up_user(uint32_t uid)
{
	const struct passwd *user = getpwuid(uid);
	char *number;

	if (user)
		return strdup(user->pw_name);
	return asprintf(&number, "%" PRIu32, uid) < 0 ? NULL : number;
}

/* Cache the last name: most neighbouring rows have one user, and a lookup opens the database. */
char *user_name(uint32_t uid)
{
	static uint32_t last_uid;
	static char *last_name;

	if (!last_name || uid != last_uid) {
		free(last_name);
		last_name = look_up_user(uid);
		last_uid = uid;
	}
	return last_name ? strdup(last_name) : NULL;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "array.h"
#include "number.h"
#include "vfio.h"

const char *sysfs = "/sys";

/* NAMES */

/* Return: what follows the prefix, or NULL if the text does not begin with it. */
static const char *after(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(text, prefix, length) ? NULL : text + length;
}

static bool parse_group(const char *text, struct vfio_name *name)
{
	uint64_t number;

	if (!number_parse(text, INT32_MAX, &number))
		return false;
	name->by = VFIO_GROUP;
	name->group = number;
	return true;
}

static bool parse_cdev(const char *text, struct vfio_name *name)
{
	const char *digits = after(text, "vfio");
	uint64_t number;

	if (!digits || !number_parse(digits, INT32_MAX, &number))
		return false;
	name->by = VFIO_CDEV;
	snprintf(name->text, sizeof(name->text), "vfio%" PRIu64, number);
	return true;
}

/* Parse the name that the kernel gives to a device file, below /dev/. */
static bool parse_node(const char *node, struct vfio_name *name)
{
	const char *rest;

	if (!strcmp(node, "iommu") || !strcmp(node, "vfio/vfio")) {
		name->by = strchr(node, '/') ? VFIO_CONTAINER : VFIO_IOMMU;
		return true;
	}
	rest = after(node, "vfio/devices/");
	if (rest)
		return parse_cdev(rest, name);
	rest = after(node, "vfio/noiommu-") ?: after(node, "vfio/");
	return rest && parse_group(rest, name);
}

/* Find the kernel's name of a device file that has another path. The caller frees it. */
static char *find_node(const char *path)
{
	char *uevent = NULL, *line = NULL, *node = NULL;
	FILE *file = NULL;
	struct stat st;
	size_t room = 0;

	if (stat(path, &st) || !S_ISCHR(st.st_mode) ||
	    asprintf(&uevent, "%s/dev/char/%u:%u/uevent", sysfs, major(st.st_rdev),
		     minor(st.st_rdev)) < 0)
		return NULL;
	file = fopen(uevent, "re");
	while (file && !node && getline(&line, &room, file) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		if (after(line, "DEVNAME="))
			node = strdup(after(line, "DEVNAME="));
	}
	if (file)
		fclose(file);
	free(line);
	free(uevent);
	return node;
}

static bool parse_path(const char *path, struct vfio_name *name)
{
	const char *below = after(path, "/dev/");
	char *node;
	bool found;

	/* The file of a device that is being unbound is gone, but still open. */
	if (below && parse_node(below, name))
		return true;
	node = find_node(path);
	found = node && parse_node(node, name);
	free(node);
	return found;
}

/* 01:00.0 is short for 0000:01:00.0 */
static bool lacks_domain(const char *text)
{
	const char *colon = strchr(text, ':');

	return colon && !strchr(colon + 1, ':') && strchr(colon, '.');
}

bool vfio_name_parse(const char *text, struct vfio_name *name)
{
	const char *number = after(text, "group-");
	int length;

	*name = (struct vfio_name){ 0 };
	if (strchr(text, '/'))
		return parse_path(text, name);
	if (number)
		return parse_group(number, name);
	if (parse_cdev(text, name))
		return true;
	name->by = VFIO_DEVICE;
	length = snprintf(name->text, sizeof(name->text), "%s%s", lacks_domain(text) ? "0000:" : "",
			  text);
	return *text && length < (int)sizeof(name->text);
}

/* SYSFS */

static bool exists(const char *directory, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s/%s", sysfs, directory, name);
	return !access(path, F_OK);
}

bool vfio_has_file(const struct vfio_name *name)
{
	return exists("class/misc", name->by == VFIO_CONTAINER ? "vfio" : "iommu");
}

bool vfio_container_is_iommufd(void)
{
	return exists("module", "iommufd") && !exists("module", "vfio_iommu_type1");
}

/* Read the last component of the path of the device behind a vfioN. */
static bool read_device(const char *cdev, char text[VFIO_NAME])
{
	char path[128], target[PATH_MAX];
	const char *last;
	ssize_t length;

	snprintf(path, sizeof(path), "%s/class/vfio-dev/%s/device", sysfs, cdev);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = '\0';
	last = strrchr(target, '/');
	return snprintf(text, VFIO_NAME, "%s", last ? last + 1 : target) < VFIO_NAME;
}

bool vfio_name_of_file(const struct vfio_name *name, char text[VFIO_NAME])
{
	switch (name->by) {
	case VFIO_DEVICE:
		memcpy(text, name->text, VFIO_NAME);
		return true;
	case VFIO_CDEV:
		return read_device(name->text, text);
	case VFIO_GROUP:
		snprintf(text, VFIO_NAME, "group-%" PRIu32, name->group);
		return true;
	default:
		return false;
	}
}

static int add_file(struct vfio_files *files, const char *name)
{
	if (!array_grow((void **)&files->items, &files->room, files->nr + 1, VFIO_NAME))
		return -ENOMEM;
	snprintf(files->items[files->nr++], VFIO_NAME, "%s", name);
	return 0;
}

/* Call glob() below the mount point of sysfs. Return: 0, -ENOENT or -ENOMEM. */
static int find_paths(glob_t *found, const char *directory, const char *name)
{
	char *pattern;
	int rc;

	if (asprintf(&pattern, "%s/%s/%s", sysfs, directory, name) < 0)
		return -ENOMEM;
	rc = glob(pattern, GLOB_NOSORT, NULL, found);
	free(pattern);
	if (rc == GLOB_NOSPACE)
		return -ENOMEM;
	return rc ? -ENOENT : 0;
}

static bool is_pattern(const char *name)
{
	return strpbrk(name, "*?[\\");
}

/* Add the group of a device, which may have none. */
static int add_group_of(struct vfio_files *files, const char *device)
{
	static const char directory[] = "kernel/iommu_groups/*/devices";
	char text[VFIO_NAME];
	glob_t found = { 0 };
	int rc = find_paths(&found, directory, device);

	if (!rc) {
		snprintf(text, sizeof(text), "group-%" PRIu32,
			 (uint32_t)strtoul(found.gl_pathv[0] + strlen(sysfs) +
						   strlen("/kernel/iommu_groups/"),
					   NULL, 10));
		rc = add_file(files, text);
	}
	globfree(&found);
	return rc;
}

static int find_device(struct vfio_files *files, const char *device)
{
	glob_t found = { 0 };
	int rc, group;

	if (is_pattern(device))
		return -ENOENT;
	rc = find_paths(&found, "bus/*/devices", device);
	globfree(&found);
	group = add_group_of(files, device);
	return group == -ENOENT ? rc : group;
}

static int add_devices_of(struct vfio_files *files, uint32_t group)
{
	char directory[64];
	glob_t found = { 0 };
	int rc;
	size_t i;

	snprintf(directory, sizeof(directory), "kernel/iommu_groups/%" PRIu32 "/devices", group);
	rc = find_paths(&found, directory, "*");
	for (i = 0; i < found.gl_pathc && !rc; i++)
		rc = add_file(files, strrchr(found.gl_pathv[i], '/') + 1);
	globfree(&found);
	return rc;
}

int vfio_files_find(struct vfio_files *files, const struct vfio_name *name)
{
	char text[VFIO_NAME];
	int rc;

	*files = (struct vfio_files){ 0 };
	if (!vfio_name_of_file(name, text))
		return -ENOENT;
	rc = add_file(files, text);
	if (rc)
		return rc;
	if (name->by == VFIO_GROUP)
		return add_devices_of(files, name->group);
	return find_device(files, text);
}

bool vfio_files_have(const struct vfio_files *files, const char *name)
{
	size_t i;

	for (i = 0; i < files->nr; i++)
		if (!strcmp(files->items[i], name))
			return true;
	return false;
}

void vfio_files_free(struct vfio_files *files)
{
	free(files->items);
	*files = (struct vfio_files){ 0 };
}

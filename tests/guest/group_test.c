// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VFIO device that is opened through its group, twice, while the group is given one context after
 * the other. The device stays bound to the first context, which its files hold. TAP on standard
 * output.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "records.h"
#include "tap.h"

/* Get the name of the first device that vfio-pci drives. */
static void find_device(char *name, size_t size)
{
	DIR *dir = opendir("/sys/bus/pci/drivers/vfio-pci");
	struct dirent *entry;

	need(dir, "vfio-pci");
	do {
		entry = readdir(dir);
		need(entry, "a device of vfio-pci");
	} while (!strchr(entry->d_name, ':'));
	snprintf(name, size, "%s", entry->d_name);
	closedir(dir);
}

static int open_group(const char *device)
{
	char link[512], target[512], path[600];
	ssize_t n;
	int fd;

	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s/iommu_group", device);
	n = readlink(link, target, sizeof(target) - 1);
	need(n > 0, link);
	target[n] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(target, '/') + 1);
	fd = open(path, O_RDWR);
	need(fd >= 0, path);
	return fd;
}

static int open_device(int group, int context, const char *name)
{
	int fd;

	need(!ioctl(group, VFIO_GROUP_SET_CONTAINER, &context), "VFIO_GROUP_SET_CONTAINER");
	fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, name);
	need(fd >= 0, "VFIO_GROUP_GET_DEVICE_FD");
	return fd;
}

/*
 * Return: the context by which a file of the device is listed, in a process that has no other file
 * of it: the files of one device share a line.
 */
static unsigned long long held_without(int fd, int other)
{
	unsigned long long found = 0;
	int ends[2], status;
	pid_t child;

	need(!pipe(ends), "pipe");
	child = fork();
	need(child >= 0, "fork");
	if (!child) {
		close(other);
		found = held_by(fd);
		_exit(write(ends[1], &found, sizeof(found)) != sizeof(found));
	}
	need(read(ends[0], &found, sizeof(found)) == sizeof(found), "read");
	need(waitpid(child, &status, 0) == child, "waitpid");
	close(ends[0]);
	close(ends[1]);
	return found;
}

int main(void)
{
	int group, first, second, device, again;
	char name[256];

	find_device(name, sizeof(name));
	group = open_group(name);
	first = open("/dev/iommu", O_RDWR);
	second = open("/dev/iommu", O_RDWR);
	need(first >= 0 && second >= 0, "/dev/iommu");

	device = open_device(group, first, name);
	ok(held_by(first) && held_by(first) != held_by(second), "two contexts");
	ok(held_by(device) == held_by(first), "the device file holds the group's context");

	need(!ioctl(group, VFIO_GROUP_UNSET_CONTAINER), "VFIO_GROUP_UNSET_CONTAINER");
	ok(held_by(device) == held_by(first), "and still does when the group has let go of it");

	again = open_device(group, second, name);
	ok(held_without(again, device) == held_by(first),
	   "opened again with another context: it is bound to the first");

	need(!ioctl(group, VFIO_GROUP_UNSET_CONTAINER), "VFIO_GROUP_UNSET_CONTAINER");
	close(second);
	usleep(100000);
	ok(held_without(again, device) == held_by(first),
	   "the other context is gone, and nobody looks for it");
	ok(held_by(device) == held_by(first), "nor behind the first file");

	close(first);
	close(again);
	ok(held_by(device) != 0, "the device file alone keeps the context");
	close(device);
	ok(!held_by(device), "until it is closed");
	return done_testing();
}

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/iommufd.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "newer.h"
#include "scene.h"
#include "tap.h"

int try_ioas(int context, uint32_t *ioas)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	int ret = ioctl(context, IOMMU_IOAS_ALLOC, &alloc);

	*ioas = alloc.out_ioas_id;
	return ret;
}

#define MAP_FLAGS (IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)

int try_map(int context, uint32_t ioas, void *addr, uint64_t length, uint64_t iova)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = MAP_FLAGS,
		.ioas_id = ioas,
		.user_va = (uintptr_t)addr,
		.length = length,
		.iova = iova,
	};

	return ioctl(context, IOMMU_IOAS_MAP, &map);
}

int try_unmap(int context, uint32_t ioas, uint64_t iova, uint64_t length)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = ioas,
		.iova = iova,
		.length = length,
	};

	return ioctl(context, IOMMU_IOAS_UNMAP, &unmap);
}

int try_map_file(int context, uint32_t ioas, int file, uint64_t start, uint64_t length,
		 uint64_t iova)
{
	struct iommu_ioas_map_file map = {
		.size = sizeof(map),
		.flags = MAP_FLAGS,
		.ioas_id = ioas,
		.fd = file,
		.start = start,
		.length = length,
		.iova = iova,
	};

	return ioctl(context, IOMMU_IOAS_MAP_FILE, &map);
}

int try_copy(int context, uint32_t to, uint64_t to_iova, uint32_t from, uint64_t from_iova,
	     uint64_t length)
{
	struct iommu_ioas_copy copy = {
		.size = sizeof(copy),
		.flags = MAP_FLAGS,
		.dst_ioas_id = to,
		.src_ioas_id = from,
		.length = length,
		.dst_iova = to_iova,
		.src_iova = from_iova,
	};

	return ioctl(context, IOMMU_IOAS_COPY, &copy);
}

int try_destroy(int context, uint32_t id)
{
	struct iommu_destroy destroy = { .size = sizeof(destroy), .id = id };

	return ioctl(context, IOMMU_DESTROY, &destroy);
}

int new_context(void)
{
	int context = open("/dev/iommu", O_RDWR);

	need(context >= 0, "/dev/iommu");
	return context;
}

uint32_t new_ioas(int context)
{
	uint32_t ioas;

	need(!try_ioas(context, &ioas), "IOMMU_IOAS_ALLOC");
	return ioas;
}

void map(int context, uint32_t ioas, void *addr, uint64_t length, uint64_t iova)
{
	need(!try_map(context, ioas, addr, length, iova), "IOMMU_IOAS_MAP");
}

void mode_mm(int context)
{
	struct iommu_option option = {
		.size = sizeof(option),
		.option_id = IOMMU_OPTION_RLIMIT_MODE,
		.op = IOMMU_OPTION_OP_SET,
		.val64 = 1,
	};

	need(!ioctl(context, IOMMU_OPTION, &option), "IOMMU_OPTION_RLIMIT_MODE");
}

int device_file(int n)
{
	char path[300];
	glob_t found;
	int device;

	if (glob("/sys/bus/pci/drivers/vfio-pci/*:*/vfio-dev/vfio*", 0, NULL, &found) ||
	    (size_t)n >= found.gl_pathc)
		broken("a device of vfio-pci");
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", strrchr(found.gl_pathv[n], '/') + 1);
	globfree(&found);
	device = open(path, O_RDWR);
	need(device >= 0, path);
	return device;
}

int try_bind(int device, int context)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = context };

	return ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &bind);
}

int try_attach(int device, uint32_t ioas)
{
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach), .pt_id = ioas };

	return ioctl(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);
}

int try_detach(int device)
{
	struct vfio_device_detach_iommufd_pt detach = { .argsz = sizeof(detach) };

	return ioctl(device, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach);
}

int new_container(void)
{
	int container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);

	need(container >= 0, "/dev/vfio/vfio");
	return container;
}

/* Get the PCI address of the n-th device that vfio-pci drives. */
static void device_name(int n, char *name, size_t size)
{
	glob_t found;

	if (glob("/sys/bus/pci/drivers/vfio-pci/*:*", 0, NULL, &found) ||
	    (size_t)n >= found.gl_pathc)
		broken("a device of vfio-pci");
	snprintf(name, size, "%s", strrchr(found.gl_pathv[n], '/') + 1);
	globfree(&found);
}

/* The first group sets the container's IOMMU. */
int container_group(int container, int n)
{
	char name[32], link[300], target[300], path[320];
	ssize_t length;
	int group;

	device_name(n, name, sizeof(name));
	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s/iommu_group", name);
	length = readlink(link, target, sizeof(target) - 1);
	need(length > 0, link);
	target[length] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(target, '/') + 1);
	group = open(path, O_RDWR | O_CLOEXEC);
	need(group >= 0, path);
	need(!ioctl(group, VFIO_GROUP_SET_CONTAINER, &container), "VFIO_GROUP_SET_CONTAINER");
	need(!ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) || errno == EINVAL,
	     "VFIO_SET_IOMMU");
	return group;
}

int group_device(int group, int n)
{
	char name[32];
	int device;

	device_name(n, name, sizeof(name));
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, name);
	need(device >= 0, "VFIO_GROUP_GET_DEVICE_FD");
	return device;
}

int try_type1_map(int container, void *addr, uint64_t length, uint64_t iova, bool write)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | (write ? VFIO_DMA_MAP_FLAG_WRITE : 0),
		.vaddr = (uintptr_t)addr,
		.iova = iova,
		.size = length,
	};

	return ioctl(container, VFIO_IOMMU_MAP_DMA, &map);
}

int try_type1_unmap(int container, uint64_t iova, uint64_t length, uint32_t flags)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.flags = flags,
		.iova = iova,
		.size = length,
	};
	int ret = ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap);

	/* Unmapping nothing is not an error, but unmaps no bytes. */
	if (!ret && unmap.size != length) {
		errno = ENOENT;
		return -1;
	}
	return ret;
}

int new_memory(uint64_t size)
{
	int memory = memfd_create("memory", MFD_CLOEXEC);

	need(memory >= 0 && !ftruncate(memory, size), "memfd");
	return memory;
}

void *map_memory(int memory, uint64_t size, void *at)
{
	void *addr = mmap(at, size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | (at ? MAP_FIXED_NOREPLACE : 0), memory, 0);

	need(addr != MAP_FAILED, "mmap");
	return addr;
}

static void set_capability(int capability, bool allowed)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	uint32_t bit = 1U << (capability % 32);
	uint32_t *effective;

	need(!syscall(SYS_capget, &header, data), "capget");
	effective = &data[capability / 32].effective;
	*effective = allowed ? *effective | bit : *effective & ~bit;
	need(!syscall(SYS_capset, &header, data), "capset");
}

void ipc_lock(bool allowed)
{
	set_capability(CAP_IPC_LOCK, allowed);
}

void drop_capability(int capability)
{
	set_capability(capability, false);
}

void memlock_limit(uint64_t bytes)
{
	struct rlimit limit = { bytes, bytes };

	need(!setrlimit(RLIMIT_MEMLOCK, &limit), "RLIMIT_MEMLOCK");
}

void become_user(uid_t uid)
{
	need(!setgroups(0, NULL) && !setresgid(uid, uid, uid) && !setresuid(uid, uid, uid),
	     "another user");
}

pid_t child(void (*prepare)(void *data), void *data)
{
	int pipes[2];
	char byte;
	pid_t pid;

	fflush(stdout);
	need(!pipe(pipes), "pipe");
	pid = fork();
	need(pid >= 0, "fork");
	if (!pid) {
		/* Use descriptor 0: the child may close all others. */
		need(dup2(pipes[1], 0) == 0, "dup2");
		close(pipes[0]);
		close(pipes[1]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (prepare)
			prepare(data);
		/* A change of credentials clears the signal: set it again. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (write(0, "", 1) != 1)
			_exit(1);
		close(0);
		for (;;)
			pause();
	}
	close(pipes[1]);
	need(read(pipes[0], &byte, 1) == 1, "a child");
	close(pipes[0]);
	return pid;
}

void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

struct dmaown_process named(int device, pid_t pid)
{
	struct dmaown_process_info info = { .size = sizeof(info), .process.pid = pid };

	need(!ioctl(device, DMAOWN_IOC_PROCESS, &info), "DMAOWN_IOC_PROCESS");
	return info.process;
}

char *file_text(const char *path)
{
	size_t used = 0, room = 16384;
	char *text = malloc(room);
	ssize_t n = -1;
	int fd = open(path, O_RDONLY);

	while (fd >= 0 && text && (n = read(fd, text + used, room - used - 1)) > 0) {
		used += n;
		if (room - used < 4096)
			text = realloc(text, room *= 2);
	}
	if (fd >= 0) {
		int error = errno;

		close(fd);
		errno = error;
	}
	if (!text || n < 0) {
		free(text);
		return NULL;
	}
	text[used] = '\0';
	return text;
}

uint64_t process_counter(pid_t pid, const char *name)
{
	char path[64], *text, *line;
	uint64_t value;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	text = file_text(path);
	need(text, path);
	line = strstr(text, name);
	need(line && sscanf(line + strlen(name), ": %lu", &value) == 1, name);
	free(text);
	return value;
}

static void process_state(FILE *state, pid_t pid)
{
	struct rlimit limit;

	need(!prlimit(pid, RLIMIT_MEMLOCK, NULL, &limit), "prlimit");
	fprintf(state, "process %d VmPin %lu VmLck %lu limit %lu %lu\n", pid,
		process_counter(pid, "VmPin"), process_counter(pid, "VmLck"), limit.rlim_cur,
		limit.rlim_max);
}

static void add_listings(FILE *state, const char *const *listings)
{
	char path[64], *text;

	for (; *listings; listings++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/dmaown/%s", *listings);
		text = file_text(path);
		need(text, path);
		fprintf(state, "%s:\n%s", *listings, text);
		free(text);
	}
}

char *state_text(const pid_t *pids, int nr)
{
	static const char *const listings[] = { "areas", "owners", NULL };
	char *all;
	size_t size;
	FILE *state = open_memstream(&all, &size);

	need(state, "memory");
	add_listings(state, listings);
	while (nr--)
		process_state(state, *pids++);
	fclose(state);
	return all;
}

char *contexts_text(void)
{
	static const char *const listings[] = { "contexts", "holders", "ioases",
						"hwpts",    "devices", NULL };
	char *all;
	size_t size;
	FILE *state = open_memstream(&all, &size);

	need(state, "memory");
	add_listings(state, listings);
	fclose(state);
	return all;
}

uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

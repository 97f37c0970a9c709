// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that is controlled by the shell tests and acts as a VMM or its successor would (see
 * lib.sh). It reads one command per line on standard input and writes one answer per line on
 * standard output: "ok [RESULT]..." or "error ERRNO COMMAND". Numbers are decimal or 0x
 * hexadecimal; sizes may end in K, M or G. Descriptors are numbers of this process; none is closed
 * on exec.
 *
 * Each command, with its arguments and its answer, is one row of the table `commands` below.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <linux/iommufd.h>
#include <linux/netlink.h>
#include <linux/vfio.h>

#include "accessor.h"
#include "crowd.h"
#include "dmaown.h"
#include "genl.h"
#include "kvm.h"
#include "newer.h"
#include "viommu.h"

#define MAX_ARGS  40
#define LINE_SIZE 4096
#define MAX_FDS	  1024

struct call {
	int argc;
	char *argv[MAX_ARGS];
	char answer[LINE_SIZE]; /* text after "ok" */
};

__attribute__((format(printf, 2, 3))) static int answer(struct call *c, const char *format, ...)
{
	size_t used = strlen(c->answer);
	va_list ap;

	va_start(ap, format);
	vsnprintf(c->answer + used, sizeof(c->answer) - used, format, ap);
	va_end(ap);
	return 0;
}

/* Arguments. A malformed argument ends the process: the test is wrong. */

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 0);
	switch (*end) {
	case 'K':
		value <<= 10;
		end++;
		break;
	case 'M':
		value <<= 20;
		end++;
		break;
	case 'G':
		value <<= 30;
		end++;
		break;
	}
	if (errno || end == text || *end) {
		fprintf(stderr, "actor: not a number: '%s'\n", text);
		exit(2);
	}
	return value;
}

static uint64_t arg(struct call *c, int n)
{
	return number(c->argv[n]);
}

static bool arg_is(struct call *c, int n, const char *word)
{
	return n < c->argc && !strcmp(c->argv[n], word);
}

static void *address(struct call *c, int n)
{
	return (void *)(uintptr_t)arg(c, n);
}

static int result(int ret)
{
	return ret < 0 ? -errno : ret;
}

static int simple(int ret)
{
	return ret < 0 ? -errno : 0;
}

/* iommufd */

static int do_mode_mm(struct call *c)
{
	struct iommu_option option = {
		.size = sizeof(option),
		.option_id = IOMMU_OPTION_RLIMIT_MODE,
		.op = IOMMU_OPTION_OP_SET,
		.val64 = 1,
	};

	return simple(ioctl(arg(c, 1), IOMMU_OPTION, &option));
}

static int do_ioas(struct call *c)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };

	if (ioctl(arg(c, 1), IOMMU_IOAS_ALLOC, &alloc))
		return -errno;
	return answer(c, "%u", alloc.out_ioas_id);
}

static int do_hwpt(struct call *c)
{
	struct iommu_hwpt_alloc alloc = {
		.size = sizeof(alloc),
		.dev_id = arg(c, 2),
		.pt_id = arg(c, 3),
	};

	if (ioctl(arg(c, 1), IOMMU_HWPT_ALLOC, &alloc))
		return -errno;
	return answer(c, "%u", alloc.out_hwpt_id);
}

/* The kernel makes this descriptor close on exec: clear the flag. */
static int do_fault_queue(struct call *c)
{
	struct iommu_fault_alloc alloc = { .size = sizeof(alloc) };

	if (ioctl(arg(c, 1), IOMMU_FAULT_QUEUE_ALLOC, &alloc) ||
	    fcntl(alloc.out_fault_fd, F_SETFD, 0))
		return -errno;
	return answer(c, "%u %u", alloc.out_fault_fd, alloc.out_fault_id);
}

static int do_viommu(struct call *c)
{
	struct viommu_window window;
	int ret = viommu_make(arg(c, 1), arg(c, 2), &window);

	if (ret)
		return ret;
	return answer(c, "0x%llx 0x%llx", (unsigned long long)window.offset,
		      (unsigned long long)window.length);
}

static int do_destroy(struct call *c)
{
	struct iommu_destroy destroy = { .size = sizeof(destroy), .id = arg(c, 2) };

	return simple(ioctl(arg(c, 1), IOMMU_DESTROY, &destroy));
}

static uint32_t map_flags(struct call *c, int iova, int prot)
{
	uint32_t flags = arg_is(c, iova, "any") ? 0 : IOMMU_IOAS_MAP_FIXED_IOVA;

	if (strchr(c->argv[prot], 'r'))
		flags |= IOMMU_IOAS_MAP_READABLE;
	if (strchr(c->argv[prot], 'w'))
		flags |= IOMMU_IOAS_MAP_WRITEABLE;
	return flags;
}

static int do_map(struct call *c)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.ioas_id = arg(c, 2),
		.user_va = arg(c, 3),
		.length = arg(c, 4),
		.iova = arg_is(c, 5, "any") ? 0 : arg(c, 5),
		.flags = map_flags(c, 5, 6),
	};

	if (ioctl(arg(c, 1), IOMMU_IOAS_MAP, &map))
		return -errno;
	return answer(c, "0x%llx", (unsigned long long)map.iova);
}

/* The distance between pages: argument I, which may be negative, or else 4096. */
static uint64_t apart(struct call *c, int i)
{
	return c->argc > i ? arg(c, i) : 4096;
}

/*
 * Make COUNT areas of one page each, with a gap after each, so that a copy of one is not a copy of
 * several. With "row" there are no gaps: "copy" then copies all of them at once.
 */
static int do_map_many(struct call *c)
{
	uint64_t addr = arg(c, 3), count = arg(c, 4), iova = arg(c, 5), i;
	uint64_t step = arg_is(c, 6, "row") ? 4096 : 8192;
	uint64_t distance = apart(c, 7);

	for (i = 0; i < count; i++) {
		struct iommu_ioas_map map = {
			.size = sizeof(map),
			.ioas_id = arg(c, 2),
			.user_va = addr + i * distance,
			.length = 4096,
			.iova = iova + i * step,
			.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
				 IOMMU_IOAS_MAP_WRITEABLE,
		};

		if (ioctl(arg(c, 1), IOMMU_IOAS_MAP, &map))
			return -errno;
	}
	return 0;
}

static int do_map_file(struct call *c)
{
	struct iommu_ioas_map_file map = {
		.size = sizeof(map),
		.ioas_id = arg(c, 2),
		.fd = arg(c, 3),
		.start = arg(c, 4),
		.length = arg(c, 5),
		.iova = arg_is(c, 6, "any") ? 0 : arg(c, 6),
		.flags = map_flags(c, 6, 7),
	};

	if (ioctl(arg(c, 1), IOMMU_IOAS_MAP_FILE, &map))
		return -errno;
	return answer(c, "0x%llx", (unsigned long long)map.iova);
}

static int do_copy(struct call *c)
{
	struct iommu_ioas_copy copy = {
		.size = sizeof(copy),
		.dst_ioas_id = arg(c, 2),
		.src_ioas_id = arg(c, 3),
		.length = arg(c, 4),
		.dst_iova = arg_is(c, 5, "any") ? 0 : arg(c, 5),
		.src_iova = arg(c, 6),
		.flags = map_flags(c, 5, 7),
	};

	if (ioctl(arg(c, 1), IOMMU_IOAS_COPY, &copy))
		return -errno;
	return answer(c, "0x%llx", (unsigned long long)copy.dst_iova);
}

static int do_unmap(struct call *c)
{
	bool all = arg_is(c, 3, "all");
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = arg(c, 2),
		.iova = all ? 0 : arg(c, 3),
		.length = all ? UINT64_MAX : arg(c, 4),
	};

	if (ioctl(arg(c, 1), IOMMU_IOAS_UNMAP, &unmap))
		return -errno;
	return answer(c, "%llu", (unsigned long long)unmap.length);
}

/* The kernel's own transfer, to the process that calls it. */
static int change_process(int fd)
{
	struct iommu_ioas_change_process change = { .size = sizeof(change) };

	return simple(ioctl(fd, IOMMU_IOAS_CHANGE_PROCESS, &change));
}

static int do_change_process(struct call *c)
{
	return change_process(arg(c, 1));
}

static uint64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

/* Results of many attempts. */
struct tally {
	uint64_t done, failed;
	int error; /* the last one */
};

static void count(struct tally *tally, int ret)
{
	tally->done += !ret;
	tally->failed += ret != 0;
	if (ret)
		tally->error = ret;
}

static int answer_tally(struct call *c, const struct tally *tally)
{
	return answer(c, "%llu done %llu failed%s%s", (unsigned long long)tally->done,
		      (unsigned long long)tally->failed, tally->error ? " " : "",
		      tally->error ? strerrorname_np(-tally->error) : "");
}

static int do_change_process_loop(struct call *c)
{
	uint64_t end = milliseconds() + arg(c, 2);
	struct tally tally = { 0 };

	while (milliseconds() < end)
		count(&tally, change_process(arg(c, 1)));
	return answer_tally(c, &tally);
}

static int transfer(int device, uint32_t to)
{
	struct dmaown_transfer transfer = {
		.size = sizeof(transfer),
		.to.pid = to,
		.timeout_ms = 60000, /* the kernel's own ioctl in a loop leaves only short gaps */
	};

	return simple(ioctl(device, DMAOWN_IOC_TRANSFER, &transfer));
}

static int do_transfer_loop(struct call *c)
{
	uint64_t end = milliseconds() + arg(c, 1);
	int device = open(DMAOWN_DEVICE, O_RDWR), at = 0;
	struct tally tally = { 0 };

	if (device < 0)
		return -errno;
	while (milliseconds() < end)
		count(&tally, transfer(device, arg(c, 2 + at++ % (c->argc - 2))));
	close(device);
	return answer_tally(c, &tally);
}

/* In-kernel accesses */

static int do_access(struct call *c)
{
	struct accessor_attach attach = {
		.context = arg(c, 1),
		.ioas = arg(c, 2),
		.needs_pin = arg_is(c, 3, "pins"),
	};
	int fd = open(ACCESSOR_DEVICE, O_RDWR), ret;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, ACCESSOR_IOC_ATTACH, &attach)) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return answer(c, "%d %u", fd, attach.id);
}

static int do_pin(struct call *c)
{
	struct accessor_range range = {
		.iova = arg(c, 2),
		.length = arg(c, 3),
		.flags = strchr(c->argv[4], 'w') ? ACCESSOR_WRITE : 0,
	};

	return simple(ioctl(arg(c, 1), ACCESSOR_IOC_PIN, &range));
}

static int do_unpin(struct call *c)
{
	struct accessor_range range = { .iova = arg(c, 2), .length = arg(c, 3) };

	return simple(ioctl(arg(c, 1), ACCESSOR_IOC_UNPIN, &range));
}

static int access_rw(int fd, uint64_t iova, void *data, uint64_t length, uint32_t flags)
{
	struct accessor_range range = {
		.iova = iova,
		.length = length,
		.data = (uintptr_t)data,
		.flags = flags,
	};

	return simple(ioctl(fd, ACCESSOR_IOC_RW, &range));
}

static uint32_t rw_flags(struct call *c, int n)
{
	return arg_is(c, n, "kthread") ? ACCESSOR_KTHREAD :
	       arg_is(c, n, "pinned")  ? ACCESSOR_PINNED :
					 0;
}

static char *join_words(struct call *c, int first, char *text)
{
	int i;

	for (i = first; i < c->argc; i++)
		text += sprintf(text, "%s%s", i > first ? " " : "", c->argv[i]);
	return text;
}

static int do_access_write(struct call *c)
{
	char text[LINE_SIZE];
	char *end = join_words(c, 4, text);

	return access_rw(arg(c, 1), arg(c, 2), text, end - text + 1,
			 ACCESSOR_WRITE | rw_flags(c, 3));
}

static int do_access_read(struct call *c)
{
	char text[201] = "";
	int ret = access_rw(arg(c, 1), arg(c, 2), text, sizeof(text) - 1, rw_flags(c, 3));

	return ret ? ret : answer(c, "%s", text);
}

/*
 * Reads repeatedly and checks that each byte has the expected value. Sleeps for a moment in
 * between: there are more readers than processors, and other processes must run as well.
 */
struct reader {
	pthread_t thread;
	bool running;
	bool stop;
	int fd;
	uint64_t iova, length;
	uint32_t flags;
	uint8_t byte;
	uint64_t rounds, errors, other;
};

static struct reader *readers[MAX_FDS];

static bool all_are(const uint8_t *memory, uint64_t length, uint8_t byte)
{
	return memory[0] == byte && !memcmp(memory, memory + 1, length - 1);
}

static void *reader_thread(void *data)
{
	struct reader *reader = data;
	uint8_t *memory = malloc(reader->length);

	while (memory && !__atomic_load_n(&reader->stop, __ATOMIC_ACQUIRE)) {
		if (access_rw(reader->fd, reader->iova, memory, reader->length, reader->flags))
			__atomic_add_fetch(&reader->errors, 1, __ATOMIC_RELAXED);
		else if (!all_are(memory, reader->length, reader->byte))
			__atomic_add_fetch(&reader->other, 1, __ATOMIC_RELAXED);
		__atomic_add_fetch(&reader->rounds, 1, __ATOMIC_RELEASE);
		usleep(20);
	}
	free(memory);
	return NULL;
}

static int do_access_loop(struct call *c)
{
	uint64_t fd = arg(c, 1);
	struct reader *reader;
	int ret;

	if (fd >= MAX_FDS || (readers[fd] && readers[fd]->running))
		return -EBUSY;
	reader = readers[fd] ? readers[fd] : malloc(sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	*reader = (struct reader){
		.fd = fd,
		.iova = arg(c, 2),
		.length = arg(c, 3),
		.byte = arg(c, 4),
		.flags = rw_flags(c, 5),
	};
	readers[fd] = reader;
	ret = pthread_create(&reader->thread, NULL, reader_thread, reader);
	reader->running = !ret;
	return -ret;
}

static int do_access_stop(struct call *c)
{
	uint64_t fd = arg(c, 1);
	struct reader *reader = fd < MAX_FDS ? readers[fd] : NULL;

	if (!reader || !reader->running)
		return -EINVAL;
	__atomic_store_n(&reader->stop, true, __ATOMIC_RELEASE);
	pthread_join(reader->thread, NULL);
	reader->running = false;
	return answer(c, "%llu rounds %llu errors %llu other", (unsigned long long)reader->rounds,
		      (unsigned long long)reader->errors, (unsigned long long)reader->other);
}

/* VFIO devices */

/*
 * Find a file of a device in sysfs, on any bus: PCI, or the platform bus, which emulated devices
 * are on.
 */
static int find_in_sysfs(const char *device, const char *name, char *path, size_t size)
{
	char pattern[256];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "/sys/bus/*/devices/%s/%s", device, name);
	if (glob(pattern, 0, NULL, &found))
		return -ENODEV;
	snprintf(path, size, "%s", found.gl_pathv[0]);
	globfree(&found);
	return 0;
}

static int do_device(struct call *c)
{
	char found[256], path[300];
	int ret = find_in_sysfs(c->argv[1], "vfio-dev/vfio*", found, sizeof(found));

	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", strrchr(found, '/') + 1);
	ret = result(open(path, O_RDWR));
	return ret < 0 ? ret : answer(c, "%d", ret);
}

static int do_bind(struct call *c)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = arg(c, 2) };

	if (ioctl(arg(c, 1), VFIO_DEVICE_BIND_IOMMUFD, &bind))
		return -errno;
	return answer(c, "%u", bind.out_devid);
}

static int do_attach(struct call *c)
{
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach),
							.pt_id = arg(c, 2) };

	if (ioctl(arg(c, 1), VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach))
		return -errno;
	return answer(c, "%u", attach.pt_id);
}

static int do_detach(struct call *c)
{
	struct vfio_device_detach_iommufd_pt detach = { .argsz = sizeof(detach) };

	return simple(ioctl(arg(c, 1), VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach));
}

/* VFIO containers of type1 */

/* Open the group of a device. The group's number is its name in /dev/vfio. */
static int do_group(struct call *c)
{
	char link[256], path[300], target[256];
	int ret = find_in_sysfs(c->argv[1], "iommu_group", link, sizeof(link));
	ssize_t n;

	if (ret)
		return ret;
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(target, '/') + 1);
	ret = result(open(path, O_RDWR));
	return ret < 0 ? ret : answer(c, "%d", ret);
}

static int do_set_container(struct call *c)
{
	int container = arg(c, 2);

	return simple(ioctl(arg(c, 1), VFIO_GROUP_SET_CONTAINER, &container));
}

static int do_unset_container(struct call *c)
{
	return simple(ioctl(arg(c, 1), VFIO_GROUP_UNSET_CONTAINER));
}

/* Leave the container and join it again, with as short a gap as possible. */
static int do_rejoin(struct call *c)
{
	return do_unset_container(c) ?: do_set_container(c);
}

static int do_set_iommu(struct call *c)
{
	return simple(ioctl(arg(c, 1), VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
}

static int do_group_device(struct call *c)
{
	int ret = result(ioctl(arg(c, 1), VFIO_GROUP_GET_DEVICE_FD, c->argv[2]));

	/* VFIO sets the descriptor's close-on-exec flag: clear it. */
	if (ret < 0 || fcntl(ret, F_SETFD, 0))
		return ret < 0 ? ret : -errno;
	return answer(c, "%d", ret);
}

static int type1_map(int container, uint64_t addr, uint64_t size, uint64_t iova, bool writable)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.vaddr = addr,
		.size = size,
		.iova = iova,
		.flags = VFIO_DMA_MAP_FLAG_READ | (writable ? VFIO_DMA_MAP_FLAG_WRITE : 0),
	};

	return simple(ioctl(container, VFIO_IOMMU_MAP_DMA, &map));
}

static int do_type1_map(struct call *c)
{
	return type1_map(arg(c, 1), arg(c, 2), arg(c, 3), arg(c, 4), arg_is(c, 5, "rw"));
}

static int do_type1_map_many(struct call *c)
{
	uint64_t addr = arg(c, 2), count = arg(c, 3), iova = arg(c, 4), i;
	uint64_t distance = apart(c, 5);
	int ret = 0;

	for (i = 0; i < count && !ret; i++)
		ret = type1_map(arg(c, 1), addr + i * distance, 4096, iova + i * 8192, true);
	return ret;
}

static int type1_unmap(struct call *c, uint32_t flags)
{
	bool all = arg_is(c, 2, "all");
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.flags = flags | (all ? VFIO_DMA_UNMAP_FLAG_ALL : 0),
		.iova = all ? 0 : arg(c, 2),
		.size = all ? 0 : arg(c, 3),
	};

	if (ioctl(arg(c, 1), VFIO_IOMMU_UNMAP_DMA, &unmap))
		return -errno;
	return answer(c, "%llu", (unsigned long long)unmap.size);
}

static int do_type1_unmap(struct call *c)
{
	return type1_unmap(c, 0);
}

static int do_type1_invalidate(struct call *c)
{
	return type1_unmap(c, VFIO_DMA_UNMAP_FLAG_VADDR);
}

static int type1_validate(int container, uint64_t addr, uint64_t size, uint64_t iova)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_VADDR,
		.vaddr = addr,
		.size = size,
		.iova = iova,
	};

	return simple(ioctl(container, VFIO_IOMMU_MAP_DMA, &map));
}

static int do_type1_validate(struct call *c)
{
	return type1_validate(arg(c, 1), arg(c, 2), arg(c, 3), arg(c, 4));
}

/*
 * Maps a file at any address and gives the addresses of COUNT mappings again, one by one, as QEMU
 * does after an exec in place. Like QEMU, it aborts if one of them fails.
 */
static int do_type1_renew(struct call *c)
{
	uint64_t size = arg(c, 3), count = arg(c, 4), i;
	char *memory;

	usleep(arg(c, 5) * 1000);
	memory = mmap(NULL, count * size, PROT_READ | PROT_WRITE, MAP_SHARED, arg(c, 2), 0);
	if (memory == MAP_FAILED)
		return -errno;
	for (i = 0; i < count; i++) {
		usleep(arg(c, 5) * 1000);
		if (type1_validate(arg(c, 1), (uintptr_t)memory + i * size, size, i * size))
			abort();
	}
	return answer(c, "%p", memory);
}

/* Make a dma-buf of a part of BAR 0. */
static int do_dmabuf(struct call *c)
{
	union {
		struct vfio_device_feature feature;
		char space[sizeof(struct vfio_device_feature) +
			   sizeof(struct vfio_device_feature_dma_buf) +
			   sizeof(struct vfio_region_dma_range)];
	} request = { .feature = {
			      .argsz = sizeof(request),
			      .flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF,
		      } };
	struct vfio_device_feature_dma_buf *get = (void *)request.feature.data;
	int fd;

	get->region_index = VFIO_PCI_BAR0_REGION_INDEX;
	get->open_flags = O_RDWR;
	get->nr_ranges = 1;
	get->dma_ranges[0].offset = arg(c, 2);
	get->dma_ranges[0].length = arg(c, 3);
	fd = result(ioctl(arg(c, 1), VFIO_DEVICE_FEATURE, &request));
	return fd < 0 ? fd : answer(c, "%d", fd);
}

/*
 * QEMU's edu device has a DMA engine that copies between RAM (by IOVA) and its own buffer. A
 * transfer of the full buffer of 4096 bytes makes QEMU 7.2 abort.
 */
#define EDU_SOURCE    0x80
#define EDU_TARGET    0x88
#define EDU_COUNT     0x90
#define EDU_COMMAND   0x98
#define EDU_BUFFER    0x40000
#define EDU_TO_DEVICE 1
#define EDU_TO_RAM    3
#define EDU_BUSY      1
#define EDU_MOST      2048

struct edu {
	volatile uint8_t *registers;
	pthread_mutex_t lock; /* one transfer at a time */
	pthread_t thread;
	bool running;
	bool stop;
	uint64_t source_iova, target_iova;
	uint8_t *source, *target;
	uint64_t rounds;
	uint64_t errors;
};

static struct edu *edus[MAX_FDS];

static struct edu *edu_of(struct call *c, int n)
{
	uint64_t fd = arg(c, n);

	if (fd >= MAX_FDS || !edus[fd]) {
		fprintf(stderr, "actor: 'edu %s' comes first\n", c->argv[n]);
		exit(2);
	}
	return edus[fd];
}

static int do_edu(struct call *c)
{
	struct vfio_region_info config = { .argsz = sizeof(config),
					   .index = VFIO_PCI_CONFIG_REGION_INDEX };
	struct vfio_region_info bar = { .argsz = sizeof(bar), .index = VFIO_PCI_BAR0_REGION_INDEX };
	uint64_t fd = arg(c, 1);
	uint16_t command;
	struct edu *edu;
	void *map;

	if (fd >= MAX_FDS)
		return -EBADF;
	if (ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &config) ||
	    ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &bar))
		return -errno;
	/* PCI_COMMAND: memory space and bus mastering. */
	if (pread(fd, &command, 2, config.offset + 4) != 2)
		return -errno;
	command |= 6;
	if (pwrite(fd, &command, 2, config.offset + 4) != 2)
		return -errno;
	map = mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, bar.offset);
	if (map == MAP_FAILED)
		return -errno;
	edu = calloc(1, sizeof(*edu));
	if (!edu)
		return -ENOMEM;
	edu->registers = map;
	pthread_mutex_init(&edu->lock, NULL);
	edus[fd] = edu;
	return answer(c, "0x%x", *(volatile uint32_t *)edu->registers);
}

static int do_register(struct call *c)
{
	return answer(c, "0x%08x", *(volatile uint32_t *)(edu_of(c, 1)->registers + arg(c, 2)));
}

static void edu_write(struct edu *edu, int reg, uint64_t value)
{
	*(volatile uint64_t *)(edu->registers + reg) = value;
}

static bool edu_busy(struct edu *edu)
{
	return *(volatile uint64_t *)(edu->registers + EDU_COMMAND) & EDU_BUSY;
}

static int edu_wait(struct edu *edu)
{
	int i;

	for (i = 0; edu_busy(edu); i++) {
		if (i == 10000)
			return -ETIMEDOUT;
		usleep(1000);
	}
	return 0;
}

static int edu_transfer(struct edu *edu, int command, uint64_t iova, uint64_t length)
{
	int ret;

	if (length > EDU_MOST)
		return -EINVAL;
	pthread_mutex_lock(&edu->lock);
	ret = edu_wait(edu);
	if (!ret) {
		edu_write(edu, EDU_SOURCE, command == EDU_TO_DEVICE ? iova : EDU_BUFFER);
		edu_write(edu, EDU_TARGET, command == EDU_TO_DEVICE ? EDU_BUFFER : iova);
		edu_write(edu, EDU_COUNT, length);
		edu_write(edu, EDU_COMMAND, command);
		ret = edu_wait(edu);
	}
	pthread_mutex_unlock(&edu->lock);
	return ret;
}

static int do_dma(struct call *c)
{
	return edu_transfer(edu_of(c, 1), arg_is(c, 2, "to-ram") ? EDU_TO_RAM : EDU_TO_DEVICE,
			    arg(c, 3), arg(c, 4));
}

/* Sends a new pattern through the device in each round and checks that it arrives. */
static void *dma_thread(void *data)
{
	struct edu *edu = data;
	uint32_t state = 0x9e3779b9;
	uint8_t pattern[EDU_MOST];
	int i;

	while (!__atomic_load_n(&edu->stop, __ATOMIC_ACQUIRE)) {
		for (i = 0; i < EDU_MOST; i++) {
			state ^= state << 13;
			state ^= state >> 17;
			state ^= state << 5;
			pattern[i] = state;
		}
		memcpy(edu->source, pattern, sizeof(pattern));
		memset(edu->target, 0, sizeof(pattern));
		if (edu_transfer(edu, EDU_TO_DEVICE, edu->source_iova, EDU_MOST) ||
		    edu_transfer(edu, EDU_TO_RAM, edu->target_iova, EDU_MOST) ||
		    memcmp(edu->target, pattern, sizeof(pattern)))
			__atomic_add_fetch(&edu->errors, 1, __ATOMIC_RELAXED);
		__atomic_add_fetch(&edu->rounds, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static int do_dma_start(struct call *c)
{
	struct edu *edu = edu_of(c, 1);
	int ret;

	if (edu->running)
		return -EBUSY;
	edu->source_iova = arg(c, 2);
	edu->source = address(c, 3);
	edu->target_iova = arg(c, 4);
	edu->target = address(c, 5);
	edu->rounds = edu->errors = 0;
	edu->stop = false;
	ret = pthread_create(&edu->thread, NULL, dma_thread, edu);
	edu->running = !ret;
	return -ret;
}

static int dma_report(struct call *c, struct edu *edu)
{
	return answer(c, "%llu rounds %llu errors",
		      (unsigned long long)__atomic_load_n(&edu->rounds, __ATOMIC_ACQUIRE),
		      (unsigned long long)__atomic_load_n(&edu->errors, __ATOMIC_ACQUIRE));
}

static int do_dma_report(struct call *c)
{
	return dma_report(c, edu_of(c, 1));
}

static int do_dma_stop(struct call *c)
{
	struct edu *edu = edu_of(c, 1);

	if (edu->running) {
		__atomic_store_n(&edu->stop, true, __ATOMIC_RELEASE);
		pthread_join(edu->thread, NULL);
		edu->running = false;
	}
	return dma_report(c, edu);
}

/* Files and memory */

static int do_open(struct call *c)
{
	int ret = result(open(c->argv[1], arg_is(c, 2, "r") ? O_RDONLY : O_RDWR));

	return ret < 0 ? ret : answer(c, "%d", ret);
}

/* Reads at most as much as a pipe holds. */
static int do_read(struct call *c)
{
	static char bytes[65536];
	uint64_t most = c->argc > 2 ? arg(c, 2) : sizeof(bytes);
	ssize_t n = read(arg(c, 1), bytes, most < sizeof(bytes) ? most : sizeof(bytes));

	return n < 0 ? -errno : answer(c, "%zd", n);
}

static int do_close(struct call *c)
{
	return simple(close(arg(c, 1)));
}

static int do_write(struct call *c)
{
	return simple(write(arg(c, 1), c->argv[2], strlen(c->argv[2])));
}

static int sized(struct call *c, int fd, uint64_t size)
{
	int ret;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, size)) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return answer(c, "%d", fd);
}

static int do_memfd(struct call *c)
{
	return sized(c, memfd_create(c->argv[1], arg_is(c, 3, "hugetlb") ? MFD_HUGETLB : 0),
		     arg(c, 2));
}

static int do_file(struct call *c)
{
	return sized(c, open(c->argv[1], O_RDWR | O_CREAT, 0666), arg(c, 2));
}

/* Frees the pages of a part of a file, which then reads as zeros. */
static int do_punch(struct call *c)
{
	return simple(fallocate(arg(c, 1), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, arg(c, 2),
				arg(c, 3)));
}

static int protection(const char *text)
{
	return (strchr(text, 'r') ? PROT_READ : 0) | (strchr(text, 'w') ? PROT_WRITE : 0);
}

static int do_mmap(struct call *c)
{
	int fd = arg_is(c, 1, "anon") ? -1 : (int)arg(c, 1);
	int flags = arg_is(c, 3, "private") ? MAP_PRIVATE : MAP_SHARED;
	bool any = c->argc <= 5 || arg_is(c, 5, "any");
	void *map;

	if (fd < 0)
		flags |= MAP_ANONYMOUS;
	if (arg_is(c, 7, "hugetlb"))
		flags |= MAP_HUGETLB;
	map = mmap(any ? NULL : address(c, 5), arg(c, 2), protection(c->argv[4]),
		   flags | (any ? 0 : MAP_FIXED_NOREPLACE), fd, c->argc > 6 ? arg(c, 6) : 0);
	if (map == MAP_FAILED)
		return -errno;
	return answer(c, "%p", map);
}

/* Maps pages of a file, or anonymous ones, one by one. With gaps each is a VMA of its own. */
static int do_mmap_many(struct call *c)
{
	int fd = arg_is(c, 1, "anon") ? -1 : (int)arg(c, 1);
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	uint64_t count = arg(c, 3), i;

	for (i = 0; i < count; i++)
		if (mmap(address(c, 2) + i * arg(c, 4), 4096, PROT_READ | PROT_WRITE,
			 flags | MAP_FIXED_NOREPLACE, fd, i * 4096) == MAP_FAILED)
			return -errno;
	return 0;
}

/* Splits a mapping into VMAs: every other part gets a flag that changes nothing but a fork. */
static int do_split(struct call *c)
{
	char *addr = address(c, 1), *end = addr + arg(c, 2);
	uint64_t part = arg(c, 3);

	for (; addr < end; addr += 2 * part)
		if (madvise(addr, part, MADV_DONTFORK))
			return -errno;
	return 0;
}

/*
 * A thread that unmaps memory and maps it again, all the time. Between two rounds it lets others
 * run.
 */
static struct {
	pthread_t thread;
	bool running;
	bool stop;
	int fd;
	void *addr;
	uint64_t length, offset;
	uint64_t rounds, errors;
} churn;

static void *churn_thread(void *data)
{
	(void)data;
	while (!__atomic_load_n(&churn.stop, __ATOMIC_ACQUIRE)) {
		if (munmap(churn.addr, churn.length))
			churn.errors++;
		usleep(100);
		if (mmap(churn.addr, churn.length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			 churn.fd, churn.offset) == MAP_FAILED)
			churn.errors++;
		churn.rounds++;
		usleep(100);
	}
	return NULL;
}

static int do_churn(struct call *c)
{
	int ret;

	if (churn.running)
		return -EBUSY;
	churn.stop = false;
	churn.fd = arg(c, 1);
	churn.addr = address(c, 2);
	churn.length = arg(c, 3);
	churn.offset = arg(c, 4);
	churn.rounds = 0;
	churn.errors = 0;
	ret = pthread_create(&churn.thread, NULL, churn_thread, NULL);
	churn.running = !ret;
	return -ret;
}

static int do_churn_stop(struct call *c)
{
	if (!churn.running)
		return -EINVAL;
	__atomic_store_n(&churn.stop, true, __ATOMIC_RELEASE);
	pthread_join(churn.thread, NULL);
	churn.running = false;
	return answer(c, "%llu rounds %llu errors", (unsigned long long)churn.rounds,
		      (unsigned long long)churn.errors);
}

static int do_munmap(struct call *c)
{
	return simple(munmap(address(c, 1), arg(c, 2)));
}

static int do_protect(struct call *c)
{
	return simple(mprotect(address(c, 1), arg(c, 2), protection(c->argv[3])));
}

static int do_discard(struct call *c)
{
	return simple(madvise(address(c, 1), arg(c, 2), MADV_DONTNEED));
}

static int do_mlock(struct call *c)
{
	return simple(mlock(address(c, 1), arg(c, 2)));
}

static int do_fill(struct call *c)
{
	memset(address(c, 1), arg(c, 3), arg(c, 2));
	return 0;
}

/* Answers whether all bytes of the memory have this value. */
static int do_holds(struct call *c)
{
	const uint8_t *memory = address(c, 1);
	uint64_t length = arg(c, 2), i;
	uint8_t byte = arg(c, 3);

	for (i = 0; i < length; i++)
		if (memory[i] != byte)
			return answer(c, "no, 0x%02x at %llu", memory[i], (unsigned long long)i);
	return answer(c, "yes");
}

static int do_write_text(struct call *c)
{
	join_words(c, 2, address(c, 1));
	return 0;
}

static int do_read_text(struct call *c)
{
	return answer(c, "%.200s", (char *)address(c, 1));
}

/* The process itself */

static int do_pid(struct call *c)
{
	return answer(c, "%d", getpid());
}

static int do_limit(struct call *c)
{
	rlim_t value = arg_is(c, 1, "unlimited") ? RLIM_INFINITY : arg(c, 1);
	struct rlimit limit = { value, value };

	return simple(setrlimit(RLIMIT_MEMLOCK, &limit));
}

/* Becomes another user for all threads, with its group alone, and so without capabilities. */
static int do_setuid(struct call *c)
{
	uid_t uid = arg(c, 1);

	if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		return -errno;
	return 0;
}

/* Sets different user IDs in one process, as a setuid program has them. */
static int do_setresuid(struct call *c)
{
	return simple(setresuid(arg(c, 1), arg(c, 2), arg(c, 3)));
}

/* Drops capabilities of this thread only: capabilities belong to threads. */
static int drop_capabilities(uint64_t mask)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	int i;

	if (syscall(SYS_capget, &header, data))
		return -errno;
	for (i = 0; i < 2; i++) {
		uint32_t bits = mask >> (32 * i);

		data[i].effective &= ~bits;
		data[i].permitted &= ~bits;
		data[i].inheritable &= ~bits;
	}
	return simple(syscall(SYS_capset, &header, data));
}

static int do_drop_ipc_lock(struct call *c)
{
	return drop_capabilities(1ULL << CAP_IPC_LOCK);
}

static int do_drop(struct call *c)
{
	return drop_capabilities(arg_is(c, 1, "all") ? UINT64_MAX : 1ULL << arg(c, 1));
}

/*
 * Becomes another user but keeps one capability, as an ambient one: programs that are started with
 * it get it this way.
 */
static int do_setuid_with(struct call *c)
{
	uint64_t capability = arg(c, 2);
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	int ret;

	if (prctl(PR_SET_KEEPCAPS, 1))
		return -errno;
	ret = do_setuid(c);
	if (ret)
		return ret;
	data[capability / 32].effective = data[capability / 32].permitted =
		data[capability / 32].inheritable = 1U << (capability % 32);
	if (syscall(SYS_capset, &header, data) ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0))
		return -errno;
	return 0;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), ret;

	if (fd < 0)
		return -errno;
	ret = simple(write(fd, text, strlen(text)));
	close(fd);
	return ret;
}

/* Becomes root of a new user namespace, and with "net" of a new network namespace as well. */
static int do_userns(struct call *c)
{
	char text[32];

	snprintf(text, sizeof(text), "0 %d 1", geteuid());
	/* Without this, a process that has changed its user may not write its own map. */
	if (prctl(PR_SET_DUMPABLE, 1) ||
	    unshare(CLONE_NEWUSER | (arg_is(c, 1, "net") ? CLONE_NEWNET : 0)))
		return -errno;
	return write_file("/proc/self/uid_map", text);
}

/* Makes an io_uring and registers something with it. Answers with its descriptor. */
static int uring_with(struct call *c, unsigned int opcode, const void *what, unsigned int nr)
{
	struct io_uring_params params = { 0 };
	int fd = syscall(SYS_io_uring_setup, 2, &params), ret;

	if (fd < 0)
		return -errno;
	if (syscall(SYS_io_uring_register, fd, opcode, what, nr)) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return answer(c, "%d", fd);
}

/* Locks memory for the user as io_uring does: in user->locked_vm, without iommufd. */
static int do_uring_lock(struct call *c)
{
	struct iovec vec = { .iov_base = address(c, 1), .iov_len = arg(c, 2) };

	return uring_with(c, IORING_REGISTER_BUFFERS, &vec, 1);
}

/* Puts files into the table of an io_uring, where they stay open without their descriptors. */
static int do_uring_files(struct call *c)
{
	int32_t fds[MAX_ARGS];
	int n = c->argc - 1, i;

	for (i = 0; i < n; i++)
		fds[i] = arg(c, i + 1);
	return uring_with(c, IORING_REGISTER_FILES, fds, n);
}

/* References that KVM holds on files of VFIO */

static int do_kvm(struct call *c)
{
	int ret = kvm_vfio();

	return ret < 0 ? ret : answer(c, "%d", ret);
}

static int do_kvm_add(struct call *c)
{
	return kvm_vfio_add(arg(c, 1), arg(c, 2));
}

static int do_kvm_remove(struct call *c)
{
	return kvm_vfio_remove(arg(c, 1), arg(c, 2));
}

static void *idle_thread(void *data)
{
	for (;;)
		pause();
	return NULL;
}

static int do_threads(struct call *c)
{
	uint64_t count = arg(c, 1);
	pthread_t thread;
	int ret;

	while (count--) {
		ret = pthread_create(&thread, NULL, idle_thread, NULL);
		if (ret)
			return -ret;
	}
	return 0;
}

static int do_exec(struct call *c)
{
	char *args[] = { "actor", "--again", NULL };

	execv("/proc/self/exe", args);
	return -errno;
}

static void *exec_thread(void *data)
{
	do_exec(data);
	_exit(3);
}

/* Execs from a thread that is not the leader; this thread takes the leader's place and PID. */
static int do_exec_from_thread(struct call *c)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, exec_thread, c))
		return -EAGAIN;
	for (;;)
		pause();
}

static void *interpreter(void *data);

static void *successor_thread(void *data)
{
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
	while (state != 'Z') {
		file = fopen(path, "r");
		if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			_exit(3);
		fclose(file);
		usleep(1000);
	}
	puts("ok");
	return interpreter(NULL);
}

/* Makes the leader exit and stay as a zombie; another thread continues. */
static int do_leave_leader(struct call *c)
{
	pthread_t thread;

	if (gettid() != getpid())
		return -EINVAL;
	if (pthread_create(&thread, NULL, successor_thread, NULL))
		return -EAGAIN;
	pthread_exit(NULL);
}

/* Forks. The child continues as an actor with the FIFOs PREFIX.in and PREFIX.out. */
static int do_fork(struct call *c)
{
	char path[512];
	pid_t pid;
	int in, out;

	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid)
		return answer(c, "%d", pid);
	prctl(PR_SET_PDEATHSIG, 0);
	snprintf(path, sizeof(path), "%s.in", c->argv[1]);
	in = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "%s.out", c->argv[1]);
	out = open(path, O_WRONLY);
	if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0)
		_exit(3);
	close(in);
	close(out);
	return answer(c, "%d", getpid());
}

static int do_exit(struct call *c)
{
	_exit(c->argc > 1 ? arg(c, 1) : 0);
}

/* Calls of dmaown itself, without any checks except the kernel's */

static struct genl channels[MAX_FDS];

static struct genl *channel_of(struct call *c, int n)
{
	uint64_t fd = arg(c, n);

	if (fd >= MAX_FDS) {
		fprintf(stderr, "actor: not a descriptor: %s\n", c->argv[n]);
		exit(2);
	}
	channels[fd].sock = fd;
	return &channels[fd];
}

/*
 * Opens a netlink socket. If the family cannot be looked up here, takes its numbers from the
 * arguments.
 */
static int do_netlink(struct call *c)
{
	struct genl genl;
	int ret;

	if (c->argc > 1) {
		ret = genl_socket(&genl);
		genl.family = arg(c, 1);
		genl.events = arg(c, c->argc - 1);
	} else {
		ret = genl_open(&genl);
	}
	if (ret)
		return ret;
	channels[genl.sock] = genl;
	return answer(c, "%d %u %u", genl.sock, genl.family, genl.events);
}

/* Declares that a received descriptor is such a socket. */
static int do_is_netlink(struct call *c)
{
	struct genl *genl = channel_of(c, 1);

	genl->family = arg(c, 2);
	genl->events = arg(c, 3);
	return 0;
}

static int do_listen_events(struct call *c)
{
	return genl_join(channel_of(c, 1));
}

static int do_events(struct call *c)
{
	return answer(c, "%u", genl_events(channel_of(c, 1)));
}

/* Return: the DMAOWN_CMD_GET_* of a listing. */
static int listing_command(struct call *c, int n)
{
#define COMMAND_(R, r, l, FIELDS) { #l, DMAOWN_CMD_GET_##R },
#define DMAOWN_CMD_GET_EVENT	  DMAOWN_CMD_EVENT
	static const struct {
		const char *listing;
		int command;
	} known[] = { DMAOWN_RECORDS(COMMAND_) };
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (arg_is(c, n, known[i].listing))
			return known[i].command;
	fprintf(stderr, "actor: no such listing: %s\n", c->argv[n]);
	exit(2);
}

static int dump_flags(int command)
{
	return command == DMAOWN_CMD_GET_STATUS ? 0 : NLM_F_DUMP;
}

static int do_dump(struct call *c)
{
	int command = listing_command(c, 2), ret;
	struct genl_answer got = { 0 };

	ret = genl_ask(channel_of(c, 1), command, dump_flags(command), NULL, 0, &got);
	if (!ret)
		answer(c, "%u 0x%llx", got.records, (unsigned long long)genl_largest(&got));
	free(got.bytes);
	return ret;
}

static int do_dump_begin(struct call *c)
{
	int command = listing_command(c, 2);

	return genl_send(channel_of(c, 1), command, dump_flags(command), NULL, 0);
}

/*
 * Receives the rest of a dump that another process has begun with this socket, as request number
 * SEQUENCE.
 */
static int do_dump_end(struct call *c)
{
	struct genl *genl = channel_of(c, 1);
	struct genl_answer got = { 0 };
	int ret;

	genl->seq = arg(c, 2);
	ret = genl_receive(genl, &got);
	free(got.bytes);
	return ret ?: answer(c, "%u", got.records);
}

static int do_who(struct call *c)
{
	struct dmaown_process_info info = { .size = sizeof(info), .process.pid = arg(c, 2) };

	if (ioctl(arg(c, 1), DMAOWN_IOC_PROCESS, &info))
		return -errno;
	return answer(c, "%llu", (unsigned long long)info.process.start);
}

static int do_give(struct call *c)
{
	struct dmaown_transfer transfer = { .size = sizeof(transfer),
					    .to.pid = arg(c, 2),
					    .timeout_ms = 1000 };

	if (ioctl(arg(c, 1), DMAOWN_IOC_TRANSFER, &transfer))
		return -errno;
	return answer(c, "%llu", (unsigned long long)transfer.areas);
}

static int do_leave(struct call *c)
{
	struct dmaown_leave leave = { .size = sizeof(leave),
				      .process.pid = arg(c, 2),
				      .timeout_ms = 1000 };

	if (ioctl(arg(c, 1), DMAOWN_IOC_LEAVE, &leave) && errno != EXDEV)
		return -errno;
	return answer(c, "%u %u", leave.contexts, leave.reports_total);
}

/* The kernel's part of "dmaownctl check", without what the tool looks up before. */
static int do_dry_run(struct call *c)
{
	struct dmaown_transfer transfer = { .size = sizeof(transfer),
					    .flags = DMAOWN_TRANSFER_DRY_RUN,
					    .to.pid = arg(c, 1),
					    .timeout_ms = 60000 };
	int device = open(DMAOWN_DEVICE, O_RDWR), ret;

	if (arg_is(c, 2, "--adopt"))
		transfer.flags |= DMAOWN_TRANSFER_ADOPT;
	if (device < 0)
		return -errno;
	ret = simple(ioctl(device, DMAOWN_IOC_TRANSFER, &transfer));
	close(device);
	return ret ?: answer(c, "%llu", (unsigned long long)transfer.areas);
}

/* Loops for tests in which files of a device are closed while the module looks at them */

/*
 * Open a device through its group and close it, all the time. In between a pipe gets the memory of
 * the file that was closed: what is left of a file of the device is then the wrong type.
 */
static int do_reopen_loop(struct call *c)
{
	uint64_t end = milliseconds() + arg(c, 3), rounds = 0;
	int group = arg(c, 1), fd, ends[2];

	for (; milliseconds() < end; rounds++) {
		fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, c->argv[2]);
		if (fd < 0)
			return -errno;
		usleep(2000);
		close(fd);
		if (pipe(ends))
			return -errno;
		usleep(2000);
		close(ends[0]);
		close(ends[1]);
	}
	return answer(c, "%llu", (unsigned long long)rounds);
}

/* Let an emulated device hold VFIO's lock of it, again and again, a third of the time. */
static int do_lock_loop(struct call *c)
{
	uint64_t end = milliseconds() + arg(c, 3), rounds = 0;
	struct accessor_range range = { .length = arg(c, 2) };

	for (; milliseconds() < end; rounds++) {
		if (ioctl(arg(c, 1), ACCESSOR_IOC_LOCK, &range))
			return -errno;
		usleep(2 * range.length);
	}
	return answer(c, "%llu", (unsigned long long)rounds);
}

/* Results of many dry runs. */
struct verdicts {
	uint64_t good, busy, unknown, wrong;
	int error; /* of the last wrong one */
};

/*
 * Is this all that refuses a transfer: one file of a device that no process has? A process that
 * opens and closes a device all the time can have had it when the module looked elsewhere.
 */
static bool only_unknown(const struct dmaown_transfer *transfer)
{
	const struct dmaown_report *report = (const void *)(uintptr_t)transfer->reports;

	return errno == EXDEV && transfer->reports_total == 1 &&
	       report->reason == DMAOWN_REASON_UNKNOWN_HOLDER && report->value == 1;
}

/* Check once, without waiting for locks. */
static void check_once(int device, const struct dmaown_file *context, struct verdicts *verdicts)
{
	struct dmaown_report report = { 0 };
	struct dmaown_transfer transfer = {
		.size = sizeof(transfer),
		.flags = DMAOWN_TRANSFER_DRY_RUN,
		.to = context->holder,
		.files = (uintptr_t)context,
		.nr_files = 1,
		.reports = (uintptr_t)&report,
		.nr_reports = 1,
	};

	if (!ioctl(device, DMAOWN_IOC_TRANSFER, &transfer)) {
		verdicts->good++;
	} else if (errno == EBUSY) {
		verdicts->busy++;
	} else if (only_unknown(&transfer)) {
		verdicts->unknown++;
	} else {
		verdicts->wrong++;
		verdicts->error = errno;
	}
}

static int do_check_loop(struct call *c)
{
	uint64_t end = milliseconds() + arg(c, 3);
	int device = open(DMAOWN_DEVICE, O_RDWR);
	struct dmaown_file context = { .holder.pid = arg(c, 1), .fd = arg(c, 2) };
	struct verdicts verdicts = { 0 };

	if (device < 0)
		return -errno;
	while (milliseconds() < end)
		check_once(device, &context, &verdicts);
	close(device);
	return answer(c, "%llu %llu %llu %llu%s%s", (unsigned long long)verdicts.good,
		      (unsigned long long)verdicts.busy, (unsigned long long)verdicts.unknown,
		      (unsigned long long)verdicts.wrong, verdicts.error ? " " : "",
		      verdicts.error ? strerrorname_np(verdicts.error) : "");
}

/* Crowds: see crowd.h */

static int do_descriptors(struct call *c)
{
	return crowd_descriptors(arg(c, 1));
}

static int do_open_many(struct call *c)
{
	return crowd_open(c->argv[1], arg(c, 2));
}

static int do_group_device_many(struct call *c)
{
	return crowd_devices(arg(c, 1), c->argv[2], arg(c, 3));
}

static int do_ioas_many(struct call *c)
{
	uint32_t last = 0;
	int ret = crowd_ioases(arg(c, 1), arg(c, 2), &last);

	return ret ?: answer(c, "%u", last);
}

static int do_threads_many(struct call *c)
{
	return crowd_threads(arg(c, 1), arg_is(c, 2, "unshared"));
}

static int do_fork_many(struct call *c)
{
	uint64_t count = arg(c, 1), i;
	pid_t pids[MAX_ARGS];
	int ret = count < MAX_ARGS ? crowd_fork(pids, count) : -E2BIG;

	for (i = 0; i < count && !ret; i++)
		answer(c, "%s%d", i ? " " : "", pids[i]);
	return ret;
}

static int do_share(struct call *c)
{
	pid_t pid;
	int ret = crowd_share(&pid, arg_is(c, 1, "files"), arg(c, 2));

	return ret ?: answer(c, "%d", pid);
}

static int do_end_forks(struct call *c)
{
	return crowd_end();
}

/* One page that many processes map, each at an IOVA of its own. */
struct mapped_page {
	int fd;
	uint32_t ioas;
	uint64_t addr;
};

static int map_page(void *data, uint64_t i)
{
	const struct mapped_page *page = data;
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.ioas_id = page->ioas,
		.user_va = page->addr,
		.length = 4096,
		.iova = i * 8192,
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
	};

	return simple(ioctl(page->fd, IOMMU_IOAS_MAP, &map));
}

static int type1_map_page(void *data, uint64_t i)
{
	const struct mapped_page *page = data;

	return type1_map(page->fd, page->addr, 4096, i * 8192, true);
}

static int do_owners_many(struct call *c)
{
	struct mapped_page page = { .fd = arg(c, 1), .ioas = arg(c, 2), .addr = arg(c, 3) };

	return crowd_owners(map_page, &page, arg(c, 4), arg(c, 5));
}

static int do_type1_owners_many(struct call *c)
{
	struct mapped_page page = { .fd = arg(c, 1), .addr = arg(c, 2) };

	return crowd_owners(type1_map_page, &page, arg(c, 3), arg(c, 4));
}

/* Descriptors over a socket */

static int listener = -1;

static int unix_socket(const char *path, struct sockaddr_un *name)
{
	*name = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(name->sun_path, sizeof(name->sun_path), "%s", path);
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int do_listen(struct call *c)
{
	struct sockaddr_un name;

	listener = unix_socket(c->argv[1], &name);
	if (listener < 0 || bind(listener, (struct sockaddr *)&name, sizeof(name)) ||
	    listen(listener, 8) || chmod(c->argv[1], 0666))
		return -errno;
	return 0;
}

union fd_message {
	struct cmsghdr header;
	char space[CMSG_SPACE(MAX_ARGS * sizeof(int))];
};

static int do_send(struct call *c)
{
	int fds[MAX_ARGS], n = c->argc - 2, i, sock, ret = 0;
	struct sockaddr_un name;
	union fd_message control = { 0 };
	struct iovec vec = { .iov_base = "x", .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &vec,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)),
	};

	for (i = 0; i < n; i++)
		fds[i] = arg(c, i + 2);
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(&control.header), fds, n * sizeof(int));
	sock = unix_socket(c->argv[1], &name);
	if (sock < 0)
		return -errno;
	if (connect(sock, (struct sockaddr *)&name, sizeof(name)) ||
	    sendmsg(sock, &message, 0) != 1)
		ret = -errno;
	close(sock);
	return ret;
}

static int do_receive(struct call *c)
{
	int fds[MAX_ARGS], n, i, sock, ret = 0;
	union fd_message control = { 0 };
	char byte;
	struct iovec vec = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &vec,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (sock < 0)
		return -errno;
	if (recvmsg(sock, &message, 0) != 1 || control.header.cmsg_type != SCM_RIGHTS) {
		ret = -EPROTO;
	} else {
		n = (control.header.cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(&control.header), n * sizeof(int));
		for (i = 0; i < n; i++)
			answer(c, "%s%d", i ? " " : "", fds[i]);
	}
	close(sock);
	return ret;
}

/* Commands that may take long, in a thread of their own */

#define MAX_JOBS 64

struct job {
	struct call call;
	char line[LINE_SIZE];
	bool done;
	int ret;
};

static struct job *jobs[MAX_JOBS];
static int nr_jobs;

static int run(struct call *c);

static void *job_thread(void *data)
{
	struct job *job = data;

	job->ret = run(&job->call);
	__atomic_store_n(&job->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static int do_background(struct call *c)
{
	struct job *job = calloc(1, sizeof(*job));
	char *text;
	pthread_t thread;
	int i;

	if (!job || nr_jobs == MAX_JOBS)
		return -ENOMEM;
	text = job->line;
	for (i = 1; i < c->argc; i++) {
		job->call.argv[job->call.argc++] = text;
		text = stpcpy(text, c->argv[i]) + 1;
	}
	if (pthread_create(&thread, NULL, job_thread, job))
		return -EAGAIN;
	pthread_detach(thread);
	jobs[nr_jobs] = job;
	return answer(c, "%d", nr_jobs++);
}

/* Waits up to @wait milliseconds for the job; answers with the job's answer, or "running". */
static int do_job(struct call *c)
{
	uint64_t n = arg(c, 1), wait = c->argc > 2 ? arg(c, 2) : 0;
	struct job *job;

	if (n >= (uint64_t)nr_jobs)
		return -EINVAL;
	job = jobs[n];
	while (!__atomic_load_n(&job->done, __ATOMIC_ACQUIRE)) {
		if (!wait--)
			return answer(c, "running");
		usleep(1000);
	}
	if (job->ret)
		return answer(c, "error %s", strerrorname_np(-job->ret));
	return answer(c, "done %s", job->call.answer);
}

static const struct command {
	const char *name;
	int least, most; /* arguments */
	int (*run)(struct call *c);
} commands[] = {
	/* iommufd: FD is /dev/iommu */
	{ "mode-mm", 1, 1, do_mode_mm },	 /* FD */
	{ "ioas", 1, 1, do_ioas },		 /* FD -> IOAS */
	{ "hwpt", 3, 3, do_hwpt },		 /* FD DEVID IOAS -> HWPT */
	{ "fault-queue", 1, 1, do_fault_queue }, /* FD -> QUEUE ID: QUEUE is a descriptor */
	{ "viommu", 2, 2, do_viommu }, /* FD IOAS -> OFFSET LENGTH: of what can be mapped from FD */
	{ "destroy", 2, 2, do_destroy }, /* FD ID */
	{ "map", 6, 6, do_map },	 /* FD IOAS ADDR LENGTH IOVA|any r|w|rw -> IOVA */
	{ "map-many", 5, 7,
	  do_map_many }, /* FD IOAS ADDR COUNT IOVA [row|gaps [DISTANCE]]: page by page, with gaps,
			    or in a row; DISTANCE: from one address to the next */
	{ "map-file", 7, 7, do_map_file }, /* FD IOAS FILE START LENGTH IOVA|any r|w|rw -> IOVA */
	{ "copy", 7, 7,
	  do_copy }, /* FD TO-IOAS FROM-IOAS LENGTH TO-IOVA|any FROM-IOVA r|w|rw -> IOVA */
	{ "unmap", 3, 4, do_unmap }, /* FD IOAS all|IOVA [LENGTH] -> BYTES */
	{ "change-process", 1, 1,
	  do_change_process }, /* FD: the kernel's own transfer, to this process */
	{ "change-process-loop", 2, 2,
	  do_change_process_loop }, /* FD MILLISECONDS -> N done M failed [ERRNO] */
	/* dmaown's own transfer, in a loop */
	{ "transfer-loop", 2, MAX_ARGS,
	  do_transfer_loop }, /* MILLISECONDS PID... -> N done M failed [ERRNO] */
	/*
	 * In-kernel accesses: ACC is a file of the test module accessor or, except for "access", of
	 * an emulated device. FROM is caller or kthread, or pinned, for emulated devices: the pages
	 * that the device has pinned.
	 */
	{ "access", 2, 3, do_access },			  /* FD IOAS [pins] -> ACC ID */
	{ "pin", 4, 4, do_pin },			  /* ACC IOVA LENGTH r|rw */
	{ "unpin", 3, 3, do_unpin },			  /* ACC IOVA LENGTH */
	{ "access-read", 3, 3, do_access_read },	  /* ACC IOVA FROM -> TEXT */
	{ "access-write", 4, MAX_ARGS, do_access_write }, /* ACC IOVA FROM WORD... */
	{ "access-loop", 5, 5, do_access_loop },	  /* ACC IOVA LENGTH BYTE FROM: reads */
	{ "access-stop", 1, 1, do_access_stop },	  /* ACC -> N rounds M errors L other */
	/* VFIO: DEV is the device's file */
	{ "device", 1, 1, do_device }, /* NAME -> DEV: a PCI address, or emulated.N */
	{ "bind", 2, 2, do_bind },     /* DEV FD -> DEVID */
	{ "attach", 2, 2, do_attach }, /* DEV IOAS|HWPT -> HWPT */
	{ "detach", 1, 1, do_detach }, /* DEV */
	{ "dmabuf", 3, 3, do_dmabuf }, /* DEV OFFSET LENGTH -> FD */
	/* VFIO type1: CONTAINER is /dev/vfio/vfio, open */
	{ "group", 1, 1, do_group },			 /* NAME -> GROUP */
	{ "set-container", 2, 2, do_set_container },	 /* GROUP CONTAINER */
	{ "unset-container", 1, 1, do_unset_container }, /* GROUP */
	{ "rejoin", 2, 2, do_rejoin },			 /* GROUP CONTAINER */
	{ "set-iommu", 1, 1, do_set_iommu },		 /* CONTAINER */
	{ "group-device", 2, 2, do_group_device },	 /* GROUP NAME -> DEV */
	{ "type1-map", 5, 5, do_type1_map },		 /* CONTAINER ADDR LENGTH IOVA r|rw */
	{ "type1-map-many", 4, 5,
	  do_type1_map_many }, /* CONTAINER ADDR COUNT IOVA [DISTANCE]: page by page, with gaps */
	{ "type1-unmap", 2, 3, do_type1_unmap }, /* CONTAINER all|IOVA [LENGTH] -> BYTES */
	{ "type1-invalidate", 2, 3,
	  do_type1_invalidate },		       /* CONTAINER all|IOVA [LENGTH] -> BYTES */
	{ "type1-validate", 4, 4, do_type1_validate }, /* CONTAINER ADDR LENGTH IOVA */
	{ "type1-renew", 5, 5,
	  do_type1_renew }, /* CONTAINER FILE LENGTH COUNT MILLISECONDS -> ADDR */
	/* DMA */
	{ "edu", 1, 1, do_edu },	       /* DEV -> identification */
	{ "register", 2, 2, do_register },     /* DEV OFFSET -> VALUE */
	{ "dma", 4, 4, do_dma },	       /* DEV to-device|to-ram IOVA LENGTH */
	{ "dma-start", 5, 5, do_dma_start },   /* DEV FROM-IOVA FROM-ADDR TO-IOVA TO-ADDR */
	{ "dma-report", 1, 1, do_dma_report }, /* DEV -> N rounds M errors */
	{ "dma-stop", 1, 1, do_dma_stop },     /* DEV -> N rounds M errors */
	/* files and memory */
	{ "open", 1, 2, do_open },   /* PATH [r] -> FD */
	{ "close", 1, 1, do_close }, /* FD */
	{ "read", 1, 2, do_read },   /* FD [BYTES] -> BYTES */
	{ "write", 2, 2, do_write }, /* FD TEXT */
	{ "memfd", 2, 3, do_memfd }, /* NAME SIZE [hugetlb] -> FD */
	{ "file", 2, 2, do_file },   /* PATH SIZE -> FD */
	{ "punch", 3, 3, do_punch }, /* FD OFFSET LENGTH */
	{ "mmap", 4, 7,
	  do_mmap }, /* FD|anon SIZE shared|private r|rw [ADDR|any [OFFSET [hugetlb]]] -> ADDR */
	{ "mmap-many", 4, 4, do_mmap_many },	      /* FD|anon ADDR COUNT DISTANCE */
	{ "split", 3, 3, do_split },		      /* ADDR LENGTH PART */
	{ "churn", 4, 4, do_churn },		      /* FD ADDR LENGTH OFFSET */
	{ "churn-stop", 0, 0, do_churn_stop },	      /* -> N rounds M errors */
	{ "munmap", 2, 2, do_munmap },		      /* ADDR LENGTH */
	{ "protect", 3, 3, do_protect },	      /* ADDR LENGTH r|rw */
	{ "discard", 2, 2, do_discard },	      /* ADDR LENGTH: MADV_DONTNEED */
	{ "mlock", 2, 2, do_mlock },		      /* ADDR LENGTH */
	{ "fill", 3, 3, do_fill },		      /* ADDR LENGTH BYTE */
	{ "holds", 3, 3, do_holds },		      /* ADDR LENGTH BYTE -> yes | no... */
	{ "write-text", 2, MAX_ARGS, do_write_text }, /* ADDR WORD... */
	{ "read-text", 1, 1, do_read_text },	      /* ADDR -> TEXT */
	/* the process */
	{ "pid", 0, 0, do_pid },		 /* -> PID */
	{ "limit", 1, 1, do_limit },		 /* BYTES|unlimited: RLIMIT_MEMLOCK */
	{ "setuid", 1, 1, do_setuid },		 /* UID */
	{ "setresuid", 3, 3, do_setresuid },	 /* REAL EFFECTIVE SAVED */
	{ "setuid-with", 2, 2, do_setuid_with }, /* UID CAPABILITY, by its number */
	{ "drop-ipc-lock", 0, 0, do_drop_ipc_lock },
	{ "drop", 1, 1, do_drop },			/* all|CAPABILITY, by its number */
	{ "userns", 0, 1, do_userns },			/* [net] */
	{ "uring-lock", 2, 2, do_uring_lock },		/* ADDR LENGTH -> FD */
	{ "uring-files", 1, MAX_ARGS, do_uring_files }, /* FD... -> URING */
	{ "kvm", 0, 0, do_kvm },			/* -> KVM: KVM's device for VFIO */
	{ "kvm-add", 2, 2, do_kvm_add },		/* KVM DEV|GROUP */
	{ "kvm-remove", 2, 2, do_kvm_remove },		/* KVM DEV|GROUP */
	{ "threads", 1, 1, do_threads },		/* COUNT */
	{ "exec", 0, 0, do_exec },			/* -> PID, from the new program */
	{ "exec-from-thread", 0, 0, do_exec_from_thread },
	{ "leave-leader", 0, 0, do_leave_leader },
	{ "fork", 1, 1, do_fork }, /* PREFIX -> PID, from both */
	{ "exit", 0, 1, do_exit }, /* [STATUS] */
	/* dmaown: FD is a netlink socket or /dev/dmaown, LISTING a file's name in debugfs */
	{ "netlink", 0, 2, do_netlink },	     /* [FAMILY GROUP] -> FD FAMILY GROUP */
	{ "is-netlink", 3, 3, do_is_netlink },	     /* FD FAMILY GROUP */
	{ "listen-events", 1, 1, do_listen_events }, /* FD */
	{ "events", 1, 1, do_events },		     /* FD -> number of events received */
	{ "dump", 2, 2,
	  do_dump }, /* FD LISTING -> RECORDS LARGEST: the largest number that is not an ID */
	{ "dump-begin", 2, 2, do_dump_begin }, /* FD LISTING */
	{ "dump-end", 2, 2, do_dump_end },     /* FD SEQUENCE -> RECORDS */
	{ "who", 2, 2, do_who },	       /* FD PID -> START */
	{ "give", 2, 2, do_give },   /* FD PID -> number of areas that have changed their owner */
	{ "leave", 2, 2, do_leave }, /* FD PID -> contexts of the process, reports */
	{ "give", 2, 2, do_give },   /* FD PID -> number of areas that have changed their owner */
	{ "dry-run", 1, 2,
	  do_dry_run }, /* PID [--adopt] -> number of areas that would change their owner */
	/* loops, for MILLISECONDS each */
	{ "reopen-loop", 3, 3, do_reopen_loop }, /* GROUP NAME MILLISECONDS -> N */
	{ "lock-loop", 3, 3, do_lock_loop },	 /* DEV MICROSECONDS MILLISECONDS -> N */
	{ "check-loop", 3, 3,
	  do_check_loop }, /* TO FD MILLISECONDS -> GOOD BUSY UNKNOWN WRONG [ERRNO]: FD is TO's */
	/*
	 * Crowds. Owner number N of FIRST, FIRST + 1... is a process that maps the page at ADDR at
	 * IOVA N * 8192, and has exited.
	 */
	{ "descriptors", 1, 1, do_descriptors },	     /* MOST */
	{ "open-many", 2, 2, do_open_many },		     /* PATH COUNT */
	{ "group-device-many", 3, 3, do_group_device_many }, /* GROUP NAME COUNT */
	{ "ioas-many", 2, 2, do_ioas_many },		     /* FD COUNT -> the last IOAS */
	{ "threads-many", 1, 2, do_threads_many },	     /* COUNT [unshared]: file tables */
	{ "fork-many", 1, 1, do_fork_many },		     /* COUNT -> PID... */
	{ "share", 2, 2, do_share }, /* files|memory UID -> PID: shares that with another process */
	{ "end-forks", 0, 0, do_end_forks },		     /* all of them */
	{ "owners-many", 5, 5, do_owners_many },	     /* FD IOAS ADDR FIRST COUNT */
	{ "type1-owners-many", 4, 4, do_type1_owners_many }, /* CONTAINER ADDR FIRST COUNT */
	/* descriptors over a socket */
	{ "listen", 1, 1, do_listen },	  /* PATH */
	{ "send", 2, MAX_ARGS, do_send }, /* PATH FD... */
	{ "receive", 0, 0, do_receive },  /* -> FD... */
	/* threads */
	{ "background", 1, MAX_ARGS, do_background }, /* COMMAND... -> JOB */
	{ "job", 1, 2, do_job }, /* JOB [MILLISECONDS] -> running | done ... | error ... */
};

static int run(struct call *c)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(c->argv[0], commands[i].name))
			continue;
		if (c->argc - 1 < commands[i].least || c->argc - 1 > commands[i].most)
			break;
		return commands[i].run(c);
	}
	fprintf(stderr, "actor: no such command, or with other arguments: %s, %d arguments\n",
		c->argv[0], c->argc - 1);
	exit(2);
}

/*
 * Read without a buffer: the next program after an exec must find the input that is not read yet.
 */
static bool read_line(char *line, size_t size)
{
	size_t used = 0;

	while (used < size - 1) {
		if (read(0, line + used, 1) != 1)
			return false;
		if (line[used] == '\n') {
			line[used] = 0;
			return true;
		}
		used++;
	}
	return false;
}

static void *interpreter(void *data)
{
	char line[LINE_SIZE], *word, *rest;
	struct call call;
	int ret;

	while (read_line(line, sizeof(line))) {
		memset(&call, 0, sizeof(call));
		for (word = strtok_r(line, " ", &rest); word && call.argc < MAX_ARGS;
		     word = strtok_r(NULL, " ", &rest))
			call.argv[call.argc++] = word;
		if (!call.argc)
			continue;
		ret = run(&call);
		if (ret)
			printf("error %s %s\n", strerrorname_np(-ret), call.argv[0]);
		else
			printf("ok%s%s\n", call.answer[0] ? " " : "", call.answer);
	}
	exit(0);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1) /* after exec: this is the answer to it */
		printf("ok %d\n", getpid());
	interpreter(NULL);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of /dev/dmaown as programs call them: structs of all sizes, members that must be zero,
 * names of processes and contexts, errnos, and reports. TAP on standard output.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/iommufd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dmaown.h"
#include "tap.h"

#define PAGE  4096
#define AREAS 3

static int device, context;
static struct dmaown_process_info self;

static int transfer(struct dmaown_transfer *t)
{
	return ioctl(device, DMAOWN_IOC_TRANSFER, t);
}

/* This process shall own what is in its context, which it already does. */
static struct dmaown_transfer nothing_to_do(void)
{
	return (struct dmaown_transfer){ .size = sizeof(struct dmaown_transfer),
					 .to = self.process };
}

/* Make a context with some areas and no device: nothing is pinned. */
static void make_context(void)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	uint8_t *memory;
	int i;

	context = open("/dev/iommu", O_RDWR);
	if (context < 0 || ioctl(context, IOMMU_IOAS_ALLOC, &alloc))
		broken("a context with an IOAS");
	memory =
		mmap(NULL, AREAS * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < AREAS; i++) {
		struct iommu_ioas_map map = {
			.size = sizeof(map),
			.flags = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE |
				 IOMMU_IOAS_MAP_FIXED_IOVA,
			.ioas_id = alloc.out_ioas_id,
			.user_va = (uintptr_t)memory + i * PAGE,
			.length = PAGE,
			.iova = 0x100000 + 2 * i * PAGE,
		};

		if (ioctl(context, IOMMU_IOAS_MAP, &map))
			broken("an area");
	}
}

static void test_sizes(void)
{
	struct {
		struct dmaown_transfer t;
		uint64_t more[4];
	} longer = { .t = nothing_to_do() };
	struct dmaown_transfer t = nothing_to_do();
	char *edge;

	expect(transfer(&t), 0, "the struct as it is");
	equal(t.areas, 0, "nothing to do: no area changes hands");
	equal(t.areas_total, AREAS, "all areas were looked at");
	equal(t.contexts, 1, "in one context");

	longer.t.size = sizeof(longer);
	expect(transfer(&longer.t), 0, "a longer struct that ends in zeros");
	equal(longer.t.areas_total, AREAS, "is answered in just the same way");
	longer.t = nothing_to_do();
	longer.t.size = sizeof(longer);
	longer.more[3] = 1;
	expect(transfer(&longer.t), E2BIG,
	       "a longer struct with something in it that nobody knows");

	t = nothing_to_do();
	t.size = 0;
	expect(transfer(&t), EINVAL, "size 0");
	t.size = 4;
	expect(transfer(&t), EINVAL, "a size without the new owner");
	t.size = UINT32_MAX;
	ok(transfer(&t) && (errno == E2BIG || errno == EFAULT || errno == EINVAL),
	   "a size of 4 GiB");

	/* Put the struct at the end of a page: the module must access nothing after its size. */
	edge = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (edge == MAP_FAILED || mprotect(edge + PAGE, PAGE, PROT_NONE))
		broken("two pages");
	t = nothing_to_do();
	memcpy(edge + PAGE - t.size, &t, t.size);
	expect(ioctl(device, DMAOWN_IOC_TRANSFER, edge + PAGE - t.size), 0,
	       "the struct at the end of a page");
	t.size -= 8;
	memcpy(edge + PAGE - t.size, &t, t.size);
	expect(ioctl(device, DMAOWN_IOC_TRANSFER, edge + PAGE - t.size), EINVAL,
	       "a struct shorter than that of the first version");
	expect(ioctl(device, DMAOWN_IOC_TRANSFER, NULL), EFAULT, "no struct");
	expect(ioctl(device, DMAOWN_IOC_TRANSFER, 8), EFAULT, "a struct nowhere");
	expect(ioctl(device, _IO(DMAOWN_IOC_TYPE, 99), &t), ENOTTY, "an ioctl that there is not");
}

static void test_members(void)
{
	struct dmaown_transfer t;

	t = nothing_to_do();
	t.flags = 1U << 31;
	expect(transfer(&t), EOPNOTSUPP, "an unknown flag");
	t = nothing_to_do();
	t.flags = DMAOWN_TRANSFER_ADOPT << 1;
	expect(transfer(&t), EOPNOTSUPP, "the next flag");
	t = nothing_to_do();
	t.flags = DMAOWN_TRANSFER_ADOPT;
	expect(transfer(&t), 0, "adoption");
	t = nothing_to_do();
	t.flags = DMAOWN_TRANSFER_DRY_RUN;
	expect(transfer(&t), 0, "a dry run");
	t = nothing_to_do();
	t.nr_remaps = DMAOWN_TRANSFER_MAX_REMAPS + 1;
	expect(transfer(&t), EINVAL, "too many remaps");
	t.nr_remaps = 1;
	expect(transfer(&t), EFAULT, "remaps that are nowhere");
	t.remaps = (uintptr_t) & (struct dmaown_remap){ .reserved = 1 };
	expect(transfer(&t), EINVAL, "something in a remap's reserved member");
	t.remaps = 0;
	t.nr_remaps = 0;
	t = nothing_to_do();
	t.to.flags = 1U << 7;
	ok(transfer(&t) && (errno == EOPNOTSUPP || errno == EINVAL),
	   "an unknown flag of a process");
	t = nothing_to_do();
	t.timeout_ms = DMAOWN_TRANSFER_MAX_TIMEOUT;
	expect(transfer(&t), 0, "the longest timeout");
	t.timeout_ms++;
	expect(transfer(&t), EINVAL, "a longer one");
	t = nothing_to_do();
	t.nr_files = DMAOWN_TRANSFER_MAX_FILES + 1;
	expect(transfer(&t), EINVAL, "too many files");
	t = nothing_to_do();
	t.nr_files = 1;
	expect(transfer(&t), EFAULT, "files nowhere");
	t = nothing_to_do();
	t.nr_reports = DMAOWN_TRANSFER_MAX_REPORTS + 1;
	expect(transfer(&t), EINVAL, "too many reports");
	t = nothing_to_do();
	t.reserved = 1;
	expect(transfer(&t), EINVAL, "something in the reserved member");
}

static int compare(struct dmaown_compare *c)
{
	return ioctl(device, DMAOWN_IOC_COMPARE, c);
}

/* Nothing is pinned in the context, so nothing differs. */
static void test_compare(void)
{
	struct dmaown_range range = { 0 };
	const struct dmaown_compare all = { .size = sizeof(all),
					    .file = { .fd = context },
					    .ranges = (uintptr_t)&range,
					    .nr_ranges = 1 };
	struct dmaown_compare c = all;

	expect(compare(&c), 0, "a comparison");
	equal(c.compared, AREAS * PAGE, "of all areas");
	equal(c.nr_ranges, 0, "finds nothing");
	equal(c.more, 0, "and has come to the end");
	c.nr_ranges = 1;
	expect(compare(&c), 0, "from there on");
	equal(c.compared, 0, "there is nothing to compare");
	c = all;
	c.ioas = UINT32_MAX;
	c.iova = UINT64_MAX;
	expect(compare(&c), 0, "from far behind the end");
	equal(c.compared + c.more, 0, "there is nothing, either");

	c = all;
	c.nr_ranges = 0;
	expect(compare(&c), EINVAL, "no room for ranges");
	c = all;
	c.nr_ranges = DMAOWN_COMPARE_MAX_RANGES + 1;
	expect(compare(&c), EINVAL, "too much room for ranges");
	c = all;
	c.file.reserved = 1;
	expect(compare(&c), EINVAL, "something in the file's reserved member");
	c = all;
	c.file.fd = DMAOWN_FD_ANY;
	expect(compare(&c), EINVAL, "any file, and no context");
	c = all;
	c.file.fd = 999;
	expect(compare(&c), EBADF, "a descriptor that is not open");
	c = all;
	c.file.context = 1;
	expect(compare(&c), EBADF, "a context of another ID than said");
	c = all;
	c.file.holder.pid = 4000000;
	expect(compare(&c), ESRCH, "a holder that does not exist");
	c = all;
	c.size -= 8;
	expect(compare(&c), EINVAL, "a struct shorter than that of the first version");
}

static void test_forces(void)
{
	struct dmaown_force force = { .reason = DMAOWN_REASON_WOULD_RESET,
				      .device = "0000:00:00.0" };
	struct dmaown_transfer t = nothing_to_do();

	t.nr_forces = DMAOWN_TRANSFER_MAX_FORCES + 1;
	expect(transfer(&t), EINVAL, "too much to be forced");
	t.nr_forces = 1;
	expect(transfer(&t), EFAULT, "forces that are nowhere");
	t.forces = (uintptr_t)&force;
	expect(transfer(&t), 0, "a device that is not there may be reset");
	memset(force.device, 'x', sizeof(force.device));
	expect(transfer(&t), EINVAL, "a device's name without an end");
	memset(force.device, 0, sizeof(force.device));
	force.device[sizeof(force.device) - 1] = 'x';
	expect(transfer(&t), EINVAL, "something behind the end of a device's name");
	force = (struct dmaown_force){ .reason = DMAOWN_REASON_WOULD_RESET };
	expect(transfer(&t), 0, "any device may be reset");
	force.reserved = 1;
	expect(transfer(&t), EINVAL, "something in a force's reserved member");
	force = (struct dmaown_force){ .reason = DMAOWN_REASON_UNTRUSTED };
	expect(transfer(&t), 0, "any holder is accepted");
	force.process.pid = 4000000;
	expect(transfer(&t), 0, "a holder that is not there is accepted");
	force = (struct dmaown_force){ .reason = DMAOWN_REASON_UNKNOWN_HOLDER };
	expect(transfer(&t), 0, "any device's unknown holders are accepted");
	strcpy(force.device, "0000:00:00.0");
	expect(transfer(&t), 0, "those of a device that is not there");
	force.process.pid = getpid();
	expect(transfer(&t), EINVAL, "unknown holders, and a process");
	force = (struct dmaown_force){ .reason = DMAOWN_REASON_UNSEEN };
	expect(transfer(&t), 0, "what cannot be seen is accepted");
	strcpy(force.device, "0000:00:00.0");
	expect(transfer(&t), EINVAL, "what cannot be seen, and a device");
	force = (struct dmaown_force){ .reason = DMAOWN_REASON_TAKEN_BACK };
	expect(transfer(&t), 0, "what was taken back is given anew");
	force.process.pid = getpid();
	expect(transfer(&t), EINVAL, "what was taken back, and a process");
	force = (struct dmaown_force){ .reason = DMAOWN_REASON_NOT_HELD };
	expect(transfer(&t), EINVAL, "a reason that cannot be forced");
	force.reason = UINT32_MAX;
	expect(transfer(&t), EINVAL, "a reason that there is not");
	force.reason = 0;
	expect(transfer(&t), EINVAL, "no reason");
}

static void test_processes(void)
{
	struct dmaown_process_info info = { .size = sizeof(info), .process.pid = getpid() };
	struct dmaown_transfer t = nothing_to_do();
	struct dmaown_report report = { 0 };
	uint64_t now;
	struct timespec time;
	pid_t pid;

	expect(ioctl(device, DMAOWN_IOC_PROCESS, &info), 0, "who has my PID");
	clock_gettime(CLOCK_BOOTTIME, &time);
	now = time.tv_sec * 1000000000ull + time.tv_nsec;
	ok(info.process.start && info.process.start < now &&
		   now - info.process.start < 60 * 1000000000ull,
	   "I started a moment ago");
	equal(info.initial_pid, getpid(), "there is one PID namespace here");
	equal(info.uid, getuid(), "my user");
	ok(info.owner, "my owner ID");
	self = info;

	expect(ioctl(device, DMAOWN_IOC_PROCESS, &info), 0, "with the right start time");
	info.process.start++;
	expect(ioctl(device, DMAOWN_IOC_PROCESS, &info), ESRCH, "with another start time");
	info = (struct dmaown_process_info){ .size = sizeof(info), .process.pid = 4000000 };
	expect(ioctl(device, DMAOWN_IOC_PROCESS, &info), ESRCH, "a PID that nobody has");
	info = (struct dmaown_process_info){ .size = sizeof(info),
					     .process.pid = getpid(),
					     .reserved = 1 };
	expect(ioctl(device, DMAOWN_IOC_PROCESS, &info), EINVAL,
	       "something in the reserved member");
	info = (struct dmaown_process_info){ .size = sizeof(info), .process.pid = getpid() };
	info.process.flags = DMAOWN_PROCESS_INITIAL;
	expect(ioctl(device, DMAOWN_IOC_PROCESS, &info), 0,
	       "by its number in the initial namespace");
	equal(info.process.start, self.process.start, "the same process");

	pid = fork();
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	info = (struct dmaown_process_info){ .size = sizeof(info), .process.pid = pid };
	expect(ioctl(device, DMAOWN_IOC_PROCESS, &info), ESRCH, "a process that has ended");

	t = nothing_to_do();
	t.to.start++;
	t.reports = (uintptr_t)&report;
	t.nr_reports = 1;
	expect(transfer(&t), ESRCH, "a new owner with another start time");
	equal(t.nr_reports, 1, "one report");
	equal(report.reason, DMAOWN_REASON_NO_PROCESS, "there is no such process");
	equal(report.error, ESRCH, "and its errno");
	t = nothing_to_do();
	t.to.pid = 0;
	t.to.start = 0;
	ok(transfer(&t) && (errno == ESRCH || errno == EINVAL), "no new owner");
	t = nothing_to_do();
	t.from = self.process;
	t.from.start++;
	expect(transfer(&t), ESRCH, "an old owner with another start time");
}

static void test_files(void)
{
	struct dmaown_file files[3] = { { .fd = context }, { .fd = context }, { .fd = context } };
	struct dmaown_transfer t = nothing_to_do();
	struct dmaown_report reports[4] = { 0 };
	int other = open("/dev/null", O_RDWR);

	t.files = (uintptr_t)files;
	t.nr_files = 1;
	expect(transfer(&t), 0, "a context named by the caller's own descriptor");
	equal(t.areas_total, AREAS, "is that context");
	t = nothing_to_do();
	t.files = (uintptr_t)files;
	t.nr_files = 3;
	expect(transfer(&t), 0, "three times the same context");
	equal(t.contexts, 1, "count once");
	equal(t.areas_total, AREAS, "with its areas");
	files[1].holder = self.process;
	t = nothing_to_do();
	t.files = (uintptr_t)files;
	t.nr_files = 2;
	expect(transfer(&t), 0, "by a process and its descriptor");
	equal(t.contexts, 1, "the same context");

	t = nothing_to_do();
	t.files = (uintptr_t)files;
	t.nr_files = 2;
	t.reports = (uintptr_t)reports;
	t.nr_reports = 4;
	files[1] = (struct dmaown_file){ .fd = other };
	expect(transfer(&t), EBADF, "a file that is no context");
	equal(reports[0].reason, DMAOWN_REASON_NO_CONTEXT, "is reported");
	equal(reports[0].value, 1, "with its index");
	files[1].fd = 999;
	expect(transfer(&t), EBADF, "a descriptor that is not open");
	files[1] = (struct dmaown_file){ .fd = context, .reserved = 1 };
	expect(transfer(&t), EINVAL, "something in a file's reserved member");
	files[1] = (struct dmaown_file){ .fd = context, .context = 1 };
	expect(transfer(&t), EBADF, "a context of another ID than said");
	files[1] = (struct dmaown_file){ .fd = context, .holder = { .pid = 4000000 } };
	ok(transfer(&t) && (errno == ESRCH || errno == EBADF), "a holder that does not exist");
	close(other);
}

/* Areas that are apart are reported one by one, as many as there is room for. */
static void test_reports(void)
{
	struct dmaown_transfer t = { .size = sizeof(t) };
	struct dmaown_report reports[AREAS + 1] = { 0 };
	int pipes[2], i;
	pid_t pid;
	char byte;

	if (pipe(pipes))
		broken("pipe");
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/*
		 * The child holds the context over the fork, but has another address space after
		 * the exec.
		 */
		dup2(pipes[1], 1);
		execlp("sh", "sh", "-c", "echo; kill -STOP $$", NULL);
		_exit(1);
	}
	if (read(pipes[0], &byte, 1) != 1)
		broken("a child");

	t.to.pid = pid;
	t.reports = (uintptr_t)reports;
	t.nr_reports = AREAS + 1;
	expect(transfer(&t), ENXIO, "a new owner that maps nothing of it");
	equal(t.nr_reports, AREAS, "a report for each area");
	equal(t.reports_total, AREAS, "and no more than that");
	for (i = 0; i < AREAS; i++) {
		equal(reports[i].reason, DMAOWN_REASON_HOLE, "nothing is mapped there");
		equal(reports[i].error, ENXIO, "its errno");
		equal(reports[i].iova, 0x100000 + 2 * i * PAGE, "first IOVA");
		equal(reports[i].last, 0x100000 + 2 * i * PAGE + PAGE - 1, "last IOVA");
		equal(reports[i].process, pid, "whose address space");
		ok(reports[i].context, "which context");
	}

	memset(reports, 0xff, sizeof(reports));
	t.nr_reports = 1;
	expect(transfer(&t), ENXIO, "with room for one report");
	equal(t.nr_reports, 1, "one is written");
	equal(t.reports_total, AREAS, "all are counted");
	equal(reports[1].reason, UINT32_MAX, "nothing behind it is touched");
	t.nr_reports = 0;
	t.reports = 0;
	expect(transfer(&t), ENXIO, "with room for none");
	equal(t.reports_total, AREAS, "all are counted still");
	t.nr_reports = 1;
	t.reports = 8;
	expect(transfer(&t), EFAULT, "reports nowhere");

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	t = nothing_to_do();
	t.from.pid = 1;
	expect(transfer(&t), ENOENT, "FROM owns nothing there");
	close(pipes[0]);
	close(pipes[1]);
}

/*
 * iommufd accepts addresses that no process can have, up to the last byte, as long as nothing has
 * to be pinned. No process has the same memory there, however the areas lie next to each other.
 */
static void test_impossible_addresses(void)
{
	const uint64_t top = -(uint64_t)16 * PAGE;
	const struct {
		const char *what;
		uint64_t addr;
		uint64_t length;
	} areas[] = {
		{ "memory up to the last byte of all", top, 16 * PAGE - 1 },
		{ "and memory from the first one on, behind it", 0, 4 * PAGE },
		{ "and much more behind that", 4 * PAGE, 1ull << 46 },
	};
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	int fd = open("/dev/iommu", O_RDWR);
	struct dmaown_file file = { .fd = fd };
	uint64_t iova = 0x100000;
	unsigned int i;
	pid_t pid;

	if (fd < 0 || ioctl(fd, IOMMU_IOAS_ALLOC, &alloc))
		broken("a context with an IOAS");
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(1);
	}
	for (i = 0; i < sizeof(areas) / sizeof(areas[0]); i++) {
		struct dmaown_report reports[4] = { 0 };
		struct dmaown_transfer t = {
			.size = sizeof(t),
			.to = { .pid = pid },
			.files = (uintptr_t)&file,
			.nr_files = 1,
			.reports = (uintptr_t)reports,
			.nr_reports = 4,
		};
		struct iommu_ioas_map map = {
			.size = sizeof(map),
			.flags = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE |
				 IOMMU_IOAS_MAP_FIXED_IOVA,
			.ioas_id = alloc.out_ioas_id,
			.user_va = areas[i].addr,
			.length = areas[i].length,
			.iova = iova,
		};

		if (ioctl(fd, IOMMU_IOAS_MAP, &map))
			broken(areas[i].what);
		iova += areas[i].length + PAGE;
		expect(transfer(&t), ENXIO, areas[i].what);
		equal(t.reports_total, i + 1, "a report for each");
		equal(reports[0].reason, DMAOWN_REASON_OLD_HOLE, "there is nothing");
		equal(reports[0].iova, 0x100000, "from the first IOVA");
		equal(reports[0].last, 0x100000 + areas[0].length - 1, "to the last one");
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fd);
}

/* A child has the memory but no longer the context. */
static void test_not_held(void)
{
	struct dmaown_report reports[AREAS + 2] = { 0 };
	struct dmaown_transfer t = {
		.size = sizeof(t),
		.files = (uintptr_t) & (struct dmaown_file){ .fd = context },
		.nr_files = 1,
		.reports = (uintptr_t)reports,
		.nr_reports = AREAS + 2,
	};
	int pipes[2];
	pid_t pid;
	char byte;

	if (pipe(pipes))
		broken("pipe");
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(context);
		if (write(pipes[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	if (read(pipes[0], &byte, 1) != 1)
		broken("a child");
	t.to.pid = pid;
	expect(transfer(&t), EXDEV, "a new owner that does not hold the context");
	equal(t.reports_total, 1, "is the one reason");
	equal(reports[0].reason, DMAOWN_REASON_NOT_HELD, "for what it is");
	equal(reports[0].error, EXDEV, "its errno");
	equal(reports[0].process, pid, "its process");
	ok(reports[0].context, "its context");

	/* If there are several reasons, the first in the order of dmaown.h determines the errno. */
	t.to.pid = 1;
	t.nr_reports = AREAS + 2;
	expect(transfer(&t), ENXIO, "one that does not have the memory either");
	equal(t.reports_total, AREAS + 1, "is told all of it");
	memset(reports, 0xff, sizeof(reports));
	t.nr_reports = 2;
	expect(transfer(&t), ENXIO, "with room for fewer reasons than there are");
	equal(t.nr_reports, 2, "as many are told as there is room for");
	equal(t.reports_total, AREAS + 1, "and all are counted");
	equal(reports[2].reason, UINT32_MAX, "nothing behind the room is touched");
	t.flags = DMAOWN_TRANSFER_DRY_RUN;
	t.nr_reports = 2;
	expect(transfer(&t), ENXIO, "a dry run with as little room");
	equal(t.reports_total, AREAS + 1, "counts as many");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(pipes[0]);
	close(pipes[1]);
}

static int leave(struct dmaown_leave *l)
{
	return ioctl(device, DMAOWN_IOC_LEAVE, l);
}

static struct dmaown_leave this_leaves(void)
{
	return (struct dmaown_leave){ .size = sizeof(struct dmaown_leave),
				      .process = self.process };
}

static void test_leave_members(void)
{
	struct {
		struct dmaown_leave l;
		uint64_t more[4];
	} longer = { .l = this_leaves() };
	struct dmaown_leave l = this_leaves();

	longer.l.size = sizeof(longer);
	expect(leave(&longer.l), EXDEV, "leave: a longer struct that ends in zeros");
	longer.l = this_leaves();
	longer.l.size = sizeof(longer);
	longer.more[3] = 1;
	expect(leave(&longer.l), E2BIG, "leave: a longer struct with something in it");
	l.size -= 8;
	expect(leave(&l), EINVAL, "leave: a struct shorter than that of the first version");
	expect(ioctl(device, DMAOWN_IOC_LEAVE, NULL), EFAULT, "leave: no struct");
	l = this_leaves();
	l.flags = 1;
	expect(leave(&l), EOPNOTSUPP, "leave: an unknown flag");
	l = this_leaves();
	l.process.flags = 1U << 7;
	expect(leave(&l), EOPNOTSUPP, "leave: an unknown flag of the process");
	l = this_leaves();
	l.reserved = 1;
	expect(leave(&l), EINVAL, "leave: something in the reserved member");
	l = this_leaves();
	l.timeout_ms = DMAOWN_LEAVE_MAX_TIMEOUT;
	expect(leave(&l), EXDEV, "leave: the longest timeout");
	l.timeout_ms++;
	expect(leave(&l), EINVAL, "leave: a longer one");
	l = this_leaves();
	l.nr_reports = DMAOWN_LEAVE_MAX_REPORTS + 1;
	expect(leave(&l), EINVAL, "leave: too many reports");
	l = this_leaves();
	l.nr_reports = 1;
	l.reports = 8;
	expect(leave(&l), EFAULT, "leave: reports nowhere");
	l = this_leaves();
	l.process = (struct dmaown_process){ 0 };
	expect(leave(&l), EINVAL, "leave: no process");
}

static void test_leave_processes(void)
{
	struct dmaown_report report = { 0 };
	struct dmaown_leave l = this_leaves();

	l.process.start++;
	l.reports = (uintptr_t)&report;
	l.nr_reports = 1;
	expect(leave(&l), ESRCH, "leave: a process with another start time");
	equal(l.nr_reports, 1, "one report");
	equal(report.reason, DMAOWN_REASON_NO_PROCESS, "there is no such process");
	l = this_leaves();
	l.process = (struct dmaown_process){ .pid = 4000000 };
	expect(leave(&l), ESRCH, "leave: a PID that nobody has");
	l.process = (struct dmaown_process){ .pid = 1 };
	expect(leave(&l), 0, "leave: a process that holds nothing");
	equal(l.contexts, 0, "holds no context");
	equal(l.reports_total, 0, "and loses none");
}

/* The context is lost with this process, unless a child holds it, too. */
static void test_leave(void)
{
	struct dmaown_report reports[2] = { 0 };
	struct dmaown_leave l = this_leaves();
	pid_t pid;

	reports[1].reason = UINT32_MAX;
	l.reports = (uintptr_t)reports;
	l.nr_reports = 2;
	expect(leave(&l), EXDEV, "leave: the only holder of a context");
	equal(l.contexts, 1, "holds one context");
	equal(l.nr_reports, 1, "one report");
	equal(l.reports_total, 1, "and no more than that");
	equal(reports[0].reason, DMAOWN_REASON_WOULD_LOSE, "it would be lost");
	equal(reports[0].error, EXDEV, "its errno");
	equal(reports[0].process, getpid(), "its process");
	ok(reports[0].context, "its context");
	ok(!*reports[0].device, "for lack of any holder");
	equal(reports[1].reason, UINT32_MAX, "nothing behind it is touched");
	l = this_leaves();
	expect(leave(&l), EXDEV, "leave: with room for no report");
	equal(l.reports_total, 1, "it is counted");

	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(1);
	}
	l = this_leaves();
	expect(leave(&l), 0, "leave: a child holds the context, too");
	equal(l.contexts, 1, "which is the same context");
	l.process = (struct dmaown_process){ .pid = pid };
	expect(leave(&l), 0, "leave: that child");
	equal(l.contexts, 1, "holds it by what it has inherited");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	l = this_leaves();
	expect(leave(&l), EXDEV, "leave: without the child it is lost again");
	l.process = (struct dmaown_process){ .pid = pid };
	expect(leave(&l), ESRCH, "leave: a process that has ended");
}

static void drop(int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		broken("capget");
	data[0].effective &= ~(1U << capability);
	if (syscall(SYS_capset, &header, data))
		broken("capset");
}

/* Test in children: each loses one of the two capabilities while the device is open. */
static void test_capabilities(void)
{
	static const int capabilities[] = { CAP_SYS_ADMIN, CAP_SYS_PTRACE };
	struct dmaown_process_info info = { .size = sizeof(info), .process.pid = getpid() };
	struct dmaown_compare c = { .size = sizeof(c), .file = { .fd = context }, .nr_ranges = 1 };
	struct dmaown_transfer t = nothing_to_do();
	struct dmaown_leave l = this_leaves();
	int i, status;

	for (i = 0; i < 2; i++) {
		fflush(stdout);
		if (!fork()) {
			int refused = 0;

			drop(capabilities[i]);
			refused += transfer(&t) && errno == EPERM;
			refused += ioctl(device, DMAOWN_IOC_PROCESS, &info) && errno == EPERM;
			refused += leave(&l) && errno == EPERM;
			refused += compare(&c) && errno == EPERM;
			refused += open(DMAOWN_DEVICE, O_RDWR) < 0 && errno == EPERM;
			_exit(refused);
		}
		wait(&status);
		equal(WEXITSTATUS(status), 5,
		      i ? "without CAP_SYS_PTRACE: EPERM, also for a device that is open" :
			  "without CAP_SYS_ADMIN: EPERM, also for a device that is open");
	}
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	device = open(DMAOWN_DEVICE, O_RDWR);
	if (device < 0)
		broken(DMAOWN_DEVICE);
	make_context();
	test_processes();
	test_sizes();
	test_members();
	test_compare();
	test_forces();
	test_files();
	test_reports();
	test_impossible_addresses();
	test_not_held();
	test_leave_members();
	test_leave_processes();
	test_leave();
	test_capabilities();
	return done_testing();
}

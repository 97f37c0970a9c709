// SPDX-License-Identifier: GPL-2.0-only
/*
 * The matrix for VFIO containers: every case of a transfer that can exist. Each case checks the
 * result, the owner and address of each mapping, and VmLck and VmPin of every process, before,
 * after, and after the last unmap. TAP on standard output.
 *
 *	type1_matrix_test PID CONTAINER
 *
 * CONTAINER is a descriptor of process PID, which also holds group and device and keeps DMA going
 * through a mapping of its own. That process and this one are trusted. For each case, the old and
 * the new owner are children of this process. DMAOWN_CASES_STEP=N runs only each Nth case.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/vfio.h>

#include "dmaown.h"
#include "records.h"
#include "scene.h"
#include "tap.h"

#define AREAS	  2
#define AREA_SIZE (4 * PAGE)
#define SIZE	  (AREAS * AREA_SIZE)
#define MEMORY_AT ((void *)0x10000000000)
#define ELSEWHERE ((void *)0x20000000000)
#define IOVA	  0x1000000UL

/* COORDINATES */

enum axis { MAPPER, OWNER, ADDRESS, LIMIT, ADOPT, AXES };

/*
 * Does the process that maps have CAP_IPC_LOCK? Then no limit applies, but VmLck counts all the
 * same.
 */
enum mapper { PRIVILEGED, UNPRIVILEGED };
enum owner { LIVE, STALE, DEAD };
/* Address at the new owner. PARTLY: one address was taken back, the other is valid. */
enum address { SAME, REMAPPED, INVALIDATED, PARTLY };
/* Limit of the new owner. FREE: it has CAP_IPC_LOCK, and a limit that would be too low. */
enum limit { FREE, EXACT, SHORT };
enum adopt { NO_ADOPT, WITH_ADOPT };

static const char *const words[AXES][4] = {
	[MAPPER] = { "privileged", "unprivileged" },
	[OWNER] = { "live", "stale", "dead" },
	[ADDRESS] = { "same addresses", "remapped", "invalidated", "partly invalidated" },
	[LIMIT] = { "no limit", "exact limit", "a page short" },
	[ADOPT] = { "without adopt", "adopt" },
};
static const int lengths[AXES] = { 2, 3, 4, 3, 2 };

static int at[AXES];
static char name[200];

static bool exists(void)
{
	return at[ADOPT] == NO_ADOPT || at[OWNER] != LIVE;
}

static void make_name(void)
{
	size_t used = 0;
	int axis;

	for (axis = 0; axis < AXES; axis++)
		used += snprintf(name + used, sizeof(name) - used, "%s%s", axis ? ", " : "",
				 words[axis][at[axis]]);
}

/* Go to the next case; the last axis changes fastest. Return: false after the last case. */
static bool next(void)
{
	int axis = AXES;

	while (axis--) {
		if (++at[axis] < lengths[axis])
			return true;
		at[axis] = 0;
	}
	return false;
}

/* Return: the errno that the rules require, or 0. */
static int expected(void)
{
	if (at[OWNER] != LIVE && at[ADOPT] == NO_ADOPT)
		return ESRCH;
	return at[LIMIT] == SHORT ? ENOMEM : 0;
}

/* THE CONTAINER */

static int device; /* /dev/dmaown */
static int container;
static int memory;

static void type1_map(unsigned int i)
{
	need(!try_type1_map(container, MEMORY_AT + i * AREA_SIZE, AREA_SIZE, IOVA + i * AREA_SIZE,
			    true),
	     "VFIO_IOMMU_MAP_DMA");
}

static void type1_unmap(unsigned int nr, uint32_t flags)
{
	need(!try_type1_unmap(container, IOVA, nr * AREA_SIZE, flags), "VFIO_IOMMU_UNMAP_DMA");
}

/* PROCESSES */

static void *new_address(void)
{
	return at[ADDRESS] == SAME ? MEMORY_AT : ELSEWHERE;
}

static void prepare_old(void *data)
{
	unsigned int i;

	map_memory(memory, SIZE, MEMORY_AT);
	if (at[MAPPER] == UNPRIVILEGED) {
		memlock_limit(SIZE);
		become_user(1001);
	}
	for (i = 0; i < AREAS; i++)
		type1_map(i);
	if (at[OWNER] == STALE) {
		execl("/proc/self/exe", "type1_matrix_test", NULL);
		_exit(1);
	}
}

static void prepare_new(void *data)
{
	map_memory(memory, SIZE, new_address());
	if (at[LIMIT] == FREE) {
		memlock_limit(PAGE);
		return;
	}
	memlock_limit(at[LIMIT] == SHORT ? SIZE - PAGE : SIZE);
	become_user(1002);
}

/* Main function of a child after an exec: see child() in scene.c. */
static int wait_for_the_end(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(0, "", 1) != 1)
		return 1;
	for (;;)
		pause();
}

/* OBSERVATIONS */

/* Print "IOVA ADDR PID INVALID" of the mappings of this test, one per line. */
static void mappings(char *text, size_t size)
{
	FILE *file = records_open("areas");
	char *line = NULL;
	size_t room = 0, used = 0;

	*text = '\0';
	while (getline(&line, &room, file) > 0) {
		unsigned long iova = strtoul(field_text(line, "iova"), NULL, 0);

		if (iova < IOVA || iova >= IOVA + SIZE)
			continue;
		used += snprintf(text + used, size - used, "0x%lx 0x%lx %lu %lu\n", iova,
				 strtoul(field_text(line, "addr"), NULL, 0),
				 strtoul(field_text(line, "pid"), NULL, 0),
				 strtoul(field_text(line, "invalid"), NULL, 0));
	}
	free(line);
	fclose(file);
}

static void check_mappings(pid_t owner, void *address, unsigned int invalid, const char *when)
{
	char got[500], wanted[500];
	size_t used = 0;
	unsigned int i;

	mappings(got, sizeof(got));
	for (i = 0; i < AREAS; i++)
		used += snprintf(wanted + used, sizeof(wanted) - used, "0x%lx 0x%lx %d %d\n",
				 IOVA + i * AREA_SIZE, (unsigned long)address + i * AREA_SIZE,
				 owner, i < invalid);
	ok(!strcmp(got, wanted), "%s: the mappings %s", name, when);
	if (strcmp(got, wanted))
		diag("got:\n%sexpected:\n%s", got, wanted);
}

static void check_locked(pid_t pid, const char *who, uint64_t bytes, const char *when)
{
	uint64_t locked = process_counter(pid, "VmLck") * 1024;
	uint64_t pinned = process_counter(pid, "VmPin") * 1024;

	ok(locked == bytes && !pinned, "%s: the %s one's charges %s", name, who, when);
	if (locked != bytes || pinned)
		diag("VmLck %lu, expected %lu; VmPin %lu", locked, bytes, pinned);
}

/* A CASE */

static unsigned int invalidate(void)
{
	unsigned int nr = at[ADDRESS] == INVALIDATED ? AREAS : at[ADDRESS] == PARTLY ? 1 : 0;

	if (nr)
		type1_unmap(nr, VFIO_DMA_UNMAP_FLAG_VADDR);
	return nr;
}

static int ask_transfer(const struct dmaown_process *from, pid_t to, bool taken_back)
{
	struct dmaown_file file = { .fd = container };
	struct dmaown_remap remaps[AREAS] = { 0 };
	struct dmaown_force forces[] = {
		{ .reason = DMAOWN_REASON_UNTRUSTED },
		{ .reason = DMAOWN_REASON_TAKEN_BACK },
	};
	struct dmaown_transfer transfer = {
		.size = sizeof(transfer),
		.flags = at[ADOPT] == WITH_ADOPT ? DMAOWN_TRANSFER_ADOPT : 0,
		.to.pid = to,
		.from = *from,
		.files = (uintptr_t)&file,
		.nr_files = 1,
		.forces = (uintptr_t)forces,
		.nr_forces = taken_back ? 2 : 1,
		.timeout_ms = 10000 * setting("DMAOWN_SLOW", 1),
	};
	unsigned int i;

	for (i = 0; i < AREAS; i++)
		remaps[i] = (struct dmaown_remap){
			.ioas = 1,
			.iova = IOVA + i * AREA_SIZE,
			.addr = (uintptr_t)new_address() + i * AREA_SIZE,
		};
	if (at[ADDRESS] != SAME) {
		transfer.remaps = (uintptr_t)remaps;
		transfer.nr_remaps = AREAS;
	}
	return ioctl(device, DMAOWN_IOC_TRANSFER, &transfer) ? errno : 0;
}

/* Unless forced, an address that was taken back stays as it is, and so do all others. */
static void check_taken_back(const struct dmaown_process *from, pid_t old, pid_t new,
			     unsigned int invalid)
{
	int error = expected() ?: ENXIO;

	ok(ask_transfer(from, new, false) == error, "%s: not forced: %s", name,
	   strerrorname_np(error));
	check_mappings(old, MEMORY_AT, invalid, "not forced");
	check_locked(new, "new", 0, "not forced");
}

static void run_case(void)
{
	int error = expected(), got;
	struct dmaown_process from;
	unsigned int invalid;
	pid_t old, new;

	make_name();
	memory = new_memory(SIZE);
	memset(map_memory(memory, SIZE, NULL), 1, SIZE);
	old = child(prepare_old, NULL);
	from = named(device, old);
	from.flags = DMAOWN_PROCESS_INITIAL;
	if (at[OWNER] == LIVE)
		check_locked(old, "old", SIZE, "before");
	invalid = invalidate();
	if (at[OWNER] == DEAD)
		end_child(old);
	check_mappings(old, MEMORY_AT, invalid, "before");
	new = child(prepare_new, NULL);

	if (invalid)
		check_taken_back(&from, old, new, invalid);
	got = ask_transfer(&from, new, true);
	ok(got == error, "%s: %s", name, error ? strerrorname_np(error) : "moves");
	if (got != error)
		diag("got %s", got ? strerrorname_np(got) : "success");
	check_locked(new, "new", error ? 0 : SIZE, "after");
	if (at[OWNER] != DEAD)
		check_locked(old, "old", at[OWNER] == LIVE && error ? SIZE : 0, "after");
	check_mappings(error ? old : new, error ? MEMORY_AT : new_address(), error ? invalid : 0,
		       "after");

	type1_unmap(AREAS, 0);
	check_locked(new, "new", 0, "after the last unmap");
	if (at[OWNER] != DEAD) {
		check_locked(old, "old", 0, "after the last unmap");
		end_child(old);
	}
	end_child(new);
	close(memory);
}

/* Get a descriptor of another process. */
static int get_descriptor(pid_t pid, int fd)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	int got = pidfd < 0 ? -1 : syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	need(got >= 0, "pidfd_getfd");
	close(pidfd);
	return got;
}

int main(int argc, char **argv)
{
	unsigned int cases = 0, step = setting("DMAOWN_CASES_STEP", 1);

	if (argc < 3)
		return wait_for_the_end();
	need(step > 0, "DMAOWN_CASES_STEP");
	device = open(DMAOWN_DEVICE, O_RDWR | O_CLOEXEC);
	need(device >= 0, DMAOWN_DEVICE);
	container = get_descriptor(atoi(argv[1]), atoi(argv[2]));
	do {
		if (exists() && cases++ % step == 0)
			run_case();
	} while (next());
	return done_testing();
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The matrix: every case of a transfer that can exist. Each case checks the result, the owners, and
 * the counters of every process and user that the rules require, from before the mapping until
 * after the last unmap. The test computes what to expect from the coordinates of the case. TAP on
 * standard output.
 *
 * This process is root. It has a context with two devices open and holds it through all cases. For
 * each case it forks the old and the new owner, which inherit all descriptors and the memory. The
 * old owner maps; this process does everything else.
 *
 * DMAOWN_CASES_STEP=N runs only each Nth case.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "accessor.h"
#include "dmaown.h"
#include "newer.h"
#include "records.h"
#include "tap.h"

#define PAGE	  4096
#define PAGES	  8
#define SIZE	  (PAGES * PAGE)
#define HALF	  (SIZE / 2)
#define MEMORY	  0x10000000000
#define IOVA	  0x100000 /* of the area */
#define COPY_IOVA 0x800000 /* of its copy, in the second IOAS */

/* COORDINATES */

enum axis { MODE, USERS, MAP, OWNER, SHARING, PINNED, LIMIT, ADOPT, AXES };

/* MODE: enum dmaown_mode */
/* User of the new owner. ITSELF: the new owner is the old one after it has exec'd. */
enum users { SAME_USER, OTHER_USER, ITSELF };
enum map { BY_ADDRESS, BY_FILE };
enum owner { LIVE, STALE, STALE_BY_THREAD, DEAD };
/*
 * CUT_*: half of the area is copied, then the first area is unmapped, before or after the transfer.
 */
enum sharing { ONE, COPIED, CUT_BEFORE, CUT_AFTER };
enum pinned { BY_DEVICE, BY_ACCESS, NOT_PINNED };
/* Limit of the new owner, for what is pinned when it becomes the owner. */
enum limit { AMPLE, EXACT, SHORT };
enum adopt { NO_ADOPT, WITH_ADOPT };

static const char *const words[AXES][5] = {
	[MODE] = { "none", "user", "mm" },
	[USERS] = { "same user", "other user", "itself" },
	[MAP] = { "by address", "by file" },
	[OWNER] = { "live", "stale by exec", "stale by a thread's exec", "dead" },
	[SHARING] = { "one area", "copied", "partly unmapped before", "partly unmapped after" },
	[PINNED] = { "pinned by a device", "pinned by an access", "not pinned" },
	[LIMIT] = { "ample limit", "exact limit", "a page short" },
	[ADOPT] = { "without adopt", "adopt" },
};

struct coordinates {
	int at[AXES];
};

static bool gone(const struct coordinates *c)
{
	return c->at[OWNER] != LIVE;
}

static bool cut(const struct coordinates *c)
{
	return c->at[SHARING] == CUT_BEFORE || c->at[SHARING] == CUT_AFTER;
}

static bool kernel_maps_files(void)
{
	unsigned int major, minor;
	struct utsname name;

	uname(&name);
	need(sscanf(name.release, "%u.%u", &major, &minor) == 2, "the kernel's release");
	return major > 6 || (major == 6 && minor >= 13);
}

/* Return: the number of pages that are pinned when the transfer starts. */
static long pinned_then(const struct coordinates *c)
{
	if (c->at[PINNED] == NOT_PINNED)
		return 0;
	return c->at[SHARING] == CUT_BEFORE ? PAGES / 2 : PAGES;
}

/* Can this case exist? */
static bool exists(const struct coordinates *c)
{
	if (c->at[MAP] == BY_FILE && !kernel_maps_files())
		return false;
	/* In mode none no limit applies. */
	if (c->at[MODE] == DMAOWN_MODE_NONE && c->at[LIMIT] != AMPLE)
		return false;
	/*
	 * A process that has not exec'd owns its areas already; a dead process cannot become an
	 * owner.
	 */
	if (c->at[USERS] == ITSELF && c->at[OWNER] != STALE && c->at[OWNER] != STALE_BY_THREAD)
		return false;
	/* If nothing is pinned, the limit cannot be a page short. */
	if (c->at[LIMIT] == SHORT && !pinned_then(c))
		return false;
	/* Adoption is only for areas by address whose owner is gone. */
	if (c->at[ADOPT] == WITH_ADOPT && (!gone(c) || c->at[MAP] != BY_ADDRESS))
		return false;
	return true;
}

static void print_name(const struct coordinates *c, char *name, size_t size)
{
	size_t used = 0;
	int axis;

	for (axis = 0; axis < AXES; axis++) {
		/* Omit adoption if it does not matter. */
		if (axis == ADOPT && (!gone(c) || c->at[MAP] != BY_ADDRESS))
			continue;
		used += snprintf(name + used, size - used, "%s%s", axis ? ", " : "",
				 words[axis][c->at[axis]]);
	}
}

/* Go to the next case, in the order of the axes; the last axis changes fastest. */
static bool next(struct coordinates *c)
{
	int axis = AXES - 1;

	while (axis >= 0 && !words[axis][++c->at[axis]])
		c->at[axis--] = 0;
	return axis >= 0;
}

/* STATES: what is seen of a case at one time, and what is expected */

enum who { OLD, NEW, SELF, NOBODY };
enum uid { ROOT, UID_OLD, UID_NEW, UIDS };

static const uid_t uids[UIDS] = { 0, 1001, 1002 };
static const char *const who_words[] = { "old", "new", "self", "nobody" };

struct state {
	unsigned int areas;
	enum who owner;
	enum dmaown_state owner_state;
	/* All counters are in pages. */
	long pinned[3];	  /* VmPin of each process */
	long locked[3];	  /* VmLck of each process */
	long users[UIDS]; /* locked pages of each user */
};

/* Return: the new owner. */
static enum who new_owner(const struct coordinates *c)
{
	return c->at[USERS] == ITSELF ? OLD : NEW;
}

static enum uid uid_of(const struct coordinates *c, enum who who)
{
	bool old = who == OLD || c->at[USERS] != OTHER_USER;

	if (c->at[MODE] == DMAOWN_MODE_NONE)
		return old ? ROOT : UID_NEW;
	return old ? UID_OLD : UID_NEW;
}

static void print_state(const struct state *s, char *text, size_t size)
{
	static const char *const states[] = { [0] = "-",
#define NAME(c, v, n) [v] = n,
					      DMAOWN_STATES(NAME) };

	snprintf(text, size,
		 "%u areas of %s (%s); VmPin %ld %ld %ld, VmLck %ld %ld %ld, users %ld %ld %ld",
		 s->areas, who_words[s->owner], states[s->owner_state], s->pinned[0], s->pinned[1],
		 s->pinned[2], s->locked[0], s->locked[1], s->locked[2], s->users[0], s->users[1],
		 s->users[2]);
}

/* THE RULES */

static int expected_error(const struct coordinates *c)
{
	bool charged = c->at[MODE] == DMAOWN_MODE_MM ||
		       (c->at[MODE] == DMAOWN_MODE_USER && c->at[USERS] == OTHER_USER);

	if (gone(c) && c->at[MAP] == BY_ADDRESS) {
		if (c->at[ADOPT] == NO_ADOPT)
			return ESRCH;
		if (!pinned_then(c))
			return ENXIO;
	}
	return charged && c->at[LIMIT] == SHORT ? ENOMEM : 0;
}

/* Times at which the state of a case is checked. */
enum time { AT_FIRST, MAPPED, BEFORE, AFTER, CUT, AT_LAST };

static const char *const time_words[] = {
	"at first", "mapped", "before", "after", "partly unmapped", "at last",
};

static bool half_is_unmapped(const struct coordinates *c, enum time time)
{
	return (c->at[SHARING] == CUT_BEFORE && time >= BEFORE) ||
	       (c->at[SHARING] == CUT_AFTER && time >= CUT);
}

static unsigned int expected_areas(const struct coordinates *c, enum time time)
{
	if (time == AT_FIRST || time == AT_LAST)
		return 0;
	return c->at[SHARING] == ONE || half_is_unmapped(c, time) ? 1 : 2;
}

static enum dmaown_state state_of_left(const struct coordinates *c)
{
	if (c->at[OWNER] == LIVE)
		return DMAOWN_STATE_LIVE;
	return c->at[OWNER] == DEAD ? DMAOWN_STATE_DEAD : DMAOWN_STATE_STALE;
}

/* Charge the owner, whoever it is. If its address space is gone, only its user is charged. */
static void charge(const struct coordinates *c, struct state *s, long pages)
{
	if (s->owner_state == DMAOWN_STATE_LIVE) {
		s->pinned[s->owner] = pages;
		if (c->at[MODE] == DMAOWN_MODE_MM)
			s->locked[s->owner] = pages;
	}
	if (c->at[MODE] == DMAOWN_MODE_USER)
		s->users[uid_of(c, s->owner)] = pages;
}

static struct state expected_state(const struct coordinates *c, enum time time)
{
	struct state s = { .areas = expected_areas(c, time), .owner = NOBODY };
	bool moved = time >= AFTER && !expected_error(c);

	if (!s.areas)
		return s;
	s.owner = moved ? new_owner(c) : OLD;
	s.owner_state = moved || time == MAPPED ? DMAOWN_STATE_LIVE : state_of_left(c);
	if (c->at[PINNED] != NOT_PINNED)
		charge(c, &s, half_is_unmapped(c, time) ? PAGES / 2 : PAGES);
	return s;
}

/*
 * THE STAGE: a context, its IOASes, and the devices and accesses that pin in them; used by many
 * cases
 */

struct stage {
	int context;
	bool mode_mm;
	unsigned long long id;
	int devices[2];
	int accesses[2];
	uint32_t ioas[3][2]; /* [way of pinning][first or second IOAS] */
};

static struct stage stage;
static int dmaown;
static int memory; /* a memfd */

static uint32_t new_ioas(int context)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };

	need(!ioctl(context, IOMMU_IOAS_ALLOC, &alloc), "IOMMU_IOAS_ALLOC");
	return alloc.out_ioas_id;
}

static int attach_device(int n, uint32_t ioas)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = stage.context };
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach), .pt_id = ioas };
	char path[300];
	glob_t found;
	int fd;

	need(!glob("/sys/bus/pci/drivers/vfio-pci/*/vfio-dev/vfio*", 0, NULL, &found) &&
		     found.gl_pathc >= 2,
	     "two VFIO devices");
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", strrchr(found.gl_pathv[n], '/') + 1);
	globfree(&found);
	fd = open(path, O_RDWR);
	need(fd >= 0, path);
	need(!ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &bind), "VFIO_DEVICE_BIND_IOMMUFD");
	need(!ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach), "VFIO_DEVICE_ATTACH_IOMMUFD_PT");
	return fd;
}

static int attach_access(uint32_t ioas)
{
	struct accessor_attach attach = { .context = stage.context, .ioas = ioas, .needs_pin = 1 };
	int fd = open(ACCESSOR_DEVICE, O_RDWR);

	need(fd >= 0, ACCESSOR_DEVICE);
	need(!ioctl(fd, ACCESSOR_IOC_ATTACH, &attach), "ACCESSOR_IOC_ATTACH");
	return fd;
}

static void open_stage(bool mode_mm)
{
	struct iommu_option option = {
		.size = sizeof(option),
		.option_id = IOMMU_OPTION_RLIMIT_MODE,
		.op = IOMMU_OPTION_OP_SET,
		.val64 = 1,
	};
	int way, n;

	stage.mode_mm = mode_mm;
	stage.context = open("/dev/iommu", O_RDWR);
	need(stage.context >= 0, "/dev/iommu");
	need(!mode_mm || !ioctl(stage.context, IOMMU_OPTION, &option), "IOMMU_OPTION_RLIMIT_MODE");
	for (way = BY_DEVICE; way <= NOT_PINNED; way++)
		for (n = 0; n < 2; n++)
			stage.ioas[way][n] = new_ioas(stage.context);
	for (n = 0; n < 2; n++) {
		stage.devices[n] = attach_device(n, stage.ioas[BY_DEVICE][n]);
		stage.accesses[n] = attach_access(stage.ioas[BY_ACCESS][n]);
	}
	stage.id = held_by(stage.context);
	need(stage.id, "our context among those that are listed");
}

static void close_stage(void)
{
	int n;

	for (n = 0; n < 2; n++) {
		close(stage.devices[n]);
		close(stage.accesses[n]);
	}
	close(stage.context);
}

/* Map the memfd at the address where every process maps it. */
static bool have_memory(void)
{
	return mmap((void *)MEMORY, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE,
		    memory, 0) == (void *)MEMORY;
}

static void make_memory(void)
{
	memory = memfd_create("memory", 0);
	need(memory >= 0 && !ftruncate(memory, SIZE) && have_memory(), "memory at its address");
}

/* PROCESSES: each has a socket; it answers on the socket and ends when the other end is closed */

struct process {
	pid_t pid;
	int socket;
};

static int become(uid_t uid)
{
	if (!uid)
		return 0;
	return setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid) ? -1 : 0;
}

static int map_memory(int context, uint32_t ioas, enum map how, uint64_t address, uint64_t length)
{
	uint32_t flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE;
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = flags,
		.ioas_id = ioas,
		.user_va = address,
		.length = length,
		.iova = IOVA,
	};
	struct iommu_ioas_map_file map_file = {
		.size = sizeof(map_file),
		.flags = flags,
		.ioas_id = ioas,
		.fd = memory,
		.length = length,
		.iova = IOVA,
	};

	if (how == BY_FILE)
		return ioctl(context, IOMMU_IOAS_MAP_FILE, &map_file);
	return ioctl(context, IOMMU_IOAS_MAP, &map);
}

static void answer(int socket)
{
	if (write(socket, "", 1) != 1)
		_exit(1);
}

static void exec_again(int socket)
{
	char numbers[2][16];

	snprintf(numbers[0], sizeof(numbers[0]), "%d", socket);
	snprintf(numbers[1], sizeof(numbers[1]), "%d", memory);
	execl("/proc/self/exe", "matrix_test", numbers[0], numbers[1], NULL);
	_exit(2);
}

static void *exec_again_thread(void *arg)
{
	exec_again(*(int *)arg);
	return NULL;
}

/* Serve until the socket is closed: exec by this thread (e) or by another one (t). */
static void serve(int socket)
{
	pthread_t thread;
	char command;

	answer(socket);
	while (read(socket, &command, 1) == 1) {
		if (command == 'e')
			exec_again(socket);
		if (pthread_create(&thread, NULL, exec_again_thread, &socket))
			_exit(1);
		pause();
	}
	_exit(0);
}

static void set_limit(const struct coordinates *c, pid_t pid, long pages)
{
	rlim_t bytes = c->at[LIMIT] == AMPLE ? RLIM_INFINITY : (rlim_t)pages * PAGE;
	struct rlimit limit = { bytes, bytes };

	need(!prlimit(pid, RLIMIT_MEMLOCK, &limit, NULL), "prlimit");
}

static void live_as(const struct coordinates *c, enum who who, int socket)
{
	set_limit(c, 0, PAGES);
	if (become(uids[uid_of(c, who)]))
		_exit(1);
	if (who == OLD &&
	    map_memory(stage.context, stage.ioas[c->at[PINNED]][0], c->at[MAP], MEMORY, SIZE))
		_exit(1);
	serve(socket);
}

static void wait_for(const struct process *p)
{
	char byte;

	need(read(p->socket, &byte, 1) == 1, "an answer of a process");
}

static struct process start(const struct coordinates *c, enum who who)
{
	struct process p;
	int sockets[2];

	need(!socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), "socketpair");
	fflush(stdout);
	p.pid = fork();
	need(p.pid >= 0, "fork");
	if (!p.pid) {
		close(sockets[0]);
		live_as(c, who, sockets[1]);
	}
	close(sockets[1]);
	p.socket = sockets[0];
	wait_for(&p);
	return p;
}

static void kill_process(struct process *p)
{
	if (!p->pid)
		return;
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	close(p->socket);
	p->pid = 0;
}

/*
 * For each user, make an area that is not pinned in a separate context, so that the user is listed.
 */
static void make_witnesses(void)
{
	int context = open("/dev/iommu", O_RDWR), n, status;
	uint32_t ioas;

	need(context >= 0, "/dev/iommu");
	for (n = 0; n < UIDS; n++) {
		ioas = new_ioas(context);
		fflush(stdout);
		if (!fork())
			_exit(become(uids[n]) ||
			      map_memory(context, ioas, BY_ADDRESS, MEMORY, PAGE));
		need(wait(&status) > 0 && !status, "a witness");
	}
}

/* OBSERVATIONS */

static long counter(pid_t pid, const char *name)
{
	char path[64], line[256];
	long kb = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = pid ? fopen(path, "r") : NULL;
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			kb = strtol(line + strlen(name), NULL, 10);
	fclose(file);
	return kb * 1024 / PAGE;
}

static enum dmaown_state state_in(const char *line)
{
#define STATE_IS(c, v, n)               \
	if (field_is(line, "state", n)) \
		return v;
	DMAOWN_STATES(STATE_IS)
	return 0;
}

struct cast {
	struct process processes[2];
	pid_t pids[2]; /* as they were while the processes lived */
};

static enum who who_is(const struct cast *cast, pid_t pid)
{
	if (pid == cast->pids[OLD])
		return OLD;
	return pid == cast->pids[NEW] ? NEW : NOBODY;
}

/* All areas must have one owner: a mixture counts as NOBODY. */
static void see_areas(const struct cast *cast, struct state *s)
{
	FILE *file = records_open("areas");
	char line[2048];
	enum who owner;

	s->owner = NOBODY;
	while (fgets(line, sizeof(line), file)) {
		if (field(line, "context") != stage.id)
			continue;
		owner = who_is(cast, field(line, "pid"));
		if (!s->areas++) {
			s->owner = owner;
			s->owner_state = state_in(line);
		} else if (owner != s->owner || state_in(line) != s->owner_state) {
			s->owner = NOBODY;
		}
	}
	fclose(file);
}

static void see_users(struct state *s)
{
	FILE *file = records_open("owners");
	char line[2048];
	int n;

	while (fgets(line, sizeof(line), file))
		for (n = 0; n < UIDS; n++)
			if (field(line, "uid") == uids[n])
				s->users[n] = field(line, "user_locked") / PAGE;
	fclose(file);
}

static struct state seen_state(const struct cast *cast)
{
	const pid_t pids[] = { cast->processes[OLD].pid, cast->processes[NEW].pid, getpid() };
	struct state s = { 0 };
	int n;

	see_areas(cast, &s);
	see_users(&s);
	for (n = 0; n < 3; n++) {
		s.pinned[n] = counter(pids[n], "VmPin:");
		s.locked[n] = counter(pids[n], "VmLck:");
	}
	return s;
}

/* A CASE */

static bool look(const struct coordinates *c, const struct cast *cast, enum time time)
{
	struct state expected = expected_state(c, time), seen = seen_state(cast);
	char expected_text[256], seen_text[256];

	print_state(&expected, expected_text, sizeof(expected_text));
	print_state(&seen, seen_text, sizeof(seen_text));
	if (!strcmp(expected_text, seen_text))
		return true;
	fprintf(stderr, "# %s: seen:     %s\n", time_words[time], seen_text);
	fprintf(stderr, "# %s: expected: %s\n", time_words[time], expected_text);
	return false;
}

static void copy_area(const struct coordinates *c)
{
	struct iommu_ioas_copy copy = {
		.size = sizeof(copy),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.dst_ioas_id = stage.ioas[c->at[PINNED]][1],
		.src_ioas_id = stage.ioas[c->at[PINNED]][0],
		.length = cut(c) ? HALF : SIZE,
		.dst_iova = COPY_IOVA,
		.src_iova = cut(c) ? IOVA + HALF : IOVA,
	};

	need(!ioctl(stage.context, IOMMU_IOAS_COPY, &copy), "IOMMU_IOAS_COPY");
}

static void pin_by_access(int n, uint64_t iova, uint64_t length)
{
	struct accessor_range range = { .iova = iova, .length = length, .flags = ACCESSOR_WRITE };

	need(!ioctl(stage.accesses[n], ACCESSOR_IOC_PIN, &range), "ACCESSOR_IOC_PIN");
}

/* The old owner has made its area. A device pins what is mapped in its IOAS immediately. */
static void share_and_pin(const struct coordinates *c)
{
	if (c->at[SHARING] != ONE)
		copy_area(c);
	if (c->at[PINNED] != BY_ACCESS)
		return;
	pin_by_access(0, IOVA, SIZE);
	if (c->at[SHARING] != ONE)
		pin_by_access(1, COPY_IOVA, cut(c) ? HALF : SIZE);
}

static void unmap(const struct coordinates *c, int n)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = stage.ioas[c->at[PINNED]][n],
		.length = UINT64_MAX,
	};

	need(!ioctl(stage.context, IOMMU_IOAS_UNMAP, &unmap), "IOMMU_IOAS_UNMAP");
}

static void leave(const struct coordinates *c, struct process *old)
{
	switch (c->at[OWNER]) {
	case STALE:
	case STALE_BY_THREAD:
		need(write(old->socket, c->at[OWNER] == STALE ? "e" : "t", 1) == 1, "a process");
		wait_for(old);
		break;
	case DEAD:
		kill_process(old);
		break;
	}
}

/* Return: errno, or 0. */
static int transfer(const struct coordinates *c, pid_t to, uint32_t flags,
		    struct dmaown_report *report)
{
	struct dmaown_file file = { .fd = stage.context };
	struct dmaown_transfer transfer = {
		.size = sizeof(transfer),
		.flags = flags | (c->at[ADOPT] == WITH_ADOPT ? DMAOWN_TRANSFER_ADOPT : 0),
		.to.pid = to,
		.files = (uintptr_t)&file,
		.nr_files = 1,
		.timeout_ms = 10000,
		.reports = (uintptr_t)report,
		.nr_reports = 1,
	};

	return ioctl(dmaown, DMAOWN_IOC_TRANSFER, &transfer) ? errno : 0;
}

static bool try_transfer(const struct coordinates *c, const struct cast *cast, uint32_t flags)
{
	struct dmaown_report report = { 0 };
	int error = transfer(c, cast->pids[new_owner(c)], flags, &report);

	if (error == expected_error(c))
		return true;
	fprintf(stderr, "# %s: %s (reason %u), expected %s\n", flags ? "dry run" : "transfer",
		error ? strerrorname_np(error) : "success", report.reason,
		expected_error(c) ? strerrorname_np(expected_error(c)) : "success");
	return false;
}

static bool play(const struct coordinates *c, struct cast *cast)
{
	bool good = look(c, cast, AT_FIRST);

	if (new_owner(c) == NEW)
		cast->processes[NEW] = start(c, NEW);
	cast->processes[OLD] = start(c, OLD);
	cast->pids[OLD] = cast->processes[OLD].pid;
	cast->pids[NEW] = cast->processes[NEW].pid;
	share_and_pin(c);
	good &= look(c, cast, MAPPED);

	leave(c, &cast->processes[OLD]);
	if (c->at[SHARING] == CUT_BEFORE)
		unmap(c, 0);
	good &= look(c, cast, BEFORE);

	set_limit(c, cast->pids[new_owner(c)], pinned_then(c) - (c->at[LIMIT] == SHORT));
	good &= try_transfer(c, cast, DMAOWN_TRANSFER_DRY_RUN);
	good &= look(c, cast, BEFORE);
	good &= try_transfer(c, cast, 0);
	good &= look(c, cast, AFTER);

	unmap(c, 0);
	if (c->at[SHARING] == CUT_AFTER)
		good &= look(c, cast, CUT);
	unmap(c, 1);
	good &= look(c, cast, AT_LAST);
	return good;
}

static void play_case(const struct coordinates *c)
{
	struct cast cast = { 0 };
	char name[512];
	bool good;

	print_name(c, name, sizeof(name));
	good = play(c, &cast);
	ok(good, name);
	kill_process(&cast.processes[OLD]);
	kill_process(&cast.processes[NEW]);
}

int main(int argc, char **argv)
{
	const char *wanted = getenv("DMAOWN_CASES_STEP");
	unsigned int cases = 0, step = wanted ? atoi(wanted) : 1;
	struct coordinates c = { 0 };

	if (argc > 2) {
		memory = atoi(argv[2]);
		if (!have_memory())
			return 1;
		serve(atoi(argv[1]));
	}
	need(step > 0, "DMAOWN_CASES_STEP");
	setvbuf(stdout, NULL, _IOLBF, 0);
	dmaown = open(DMAOWN_DEVICE, O_RDWR);
	need(dmaown >= 0, DMAOWN_DEVICE);
	make_memory();
	make_witnesses();
	open_stage(false);
	do {
		/* Mode mm belongs to a whole context, and is the last mode here. */
		if (c.at[MODE] == DMAOWN_MODE_MM && !stage.mode_mm) {
			close_stage();
			open_stage(true);
		}
		if (exists(&c) && cases++ % step == 0)
			play_case(&c);
	} while (next(&c));
	close_stage();
	diag("%u cases", (cases + step - 1) / step);
	return done_testing();
}

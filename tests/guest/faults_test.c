// SPDX-License-Identifier: GPL-2.0-only
/*
 * For each way into the module, make the first allocation or copy to or from user space fail, then
 * the second one, and so on, until none is left that could fail. In every case, the call must fail
 * with an errno that fits and must change nothing, and it must succeed when it is repeated.
 *
 * Some failures do not make the call fail: there may be another way to get memory, and messages to
 * others (events) may be lost. Then the call must do everything that it does otherwise. TAP on
 * standard output.
 *
 *	faults_test [-t] [TEXT]
 *
 *	-t	with VFIO containers of type1 instead of iommufd contexts
 *	TEXT	only the cases whose names contain it
 *
 * DMAOWN_FAULTS_FEW=1 omits the cases that resemble others.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dmaown.h"
#include "genl.h"
#include "scene.h"
#include "tap.h"

/* FAULTS */

static int fail_nth = -1;
static bool debug_kernel; /* makes page allocations and user copies fail, too */

static void set_knob(const char *knob, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s", knob);
	fd = open(path, O_WRONLY);
	need(fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value), path);
	close(fd);
}

/* Kernels without debugging aids can only make slab allocations fail. */
static void prepare_faults(void)
{
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR);
	need(fail_nth >= 0, "/proc/thread-self/fail-nth");
	set_knob("failslab/ignore-gfp-wait", "N");
	set_knob("failslab/verbose", "0");
	debug_kernel = !access("/sys/kernel/debug/fail_page_alloc", F_OK);
	if (!debug_kernel)
		return;
	set_knob("fail_page_alloc/ignore-gfp-wait", "N");
	set_knob("fail_page_alloc/ignore-gfp-highmem", "N");
	set_knob("fail_page_alloc/verbose", "0");
	set_knob("fail_usercopy/verbose", "0");
}

/*
 * Copies always fail, if the kernel can make them fail. Page allocations are counted apart from
 * slab allocations: now and then the slab needs a page, so a call makes one allocation more or less
 * than the last one. A count over both would skip some failures and repeat others. Without pages it
 * reaches each slab allocation exactly once.
 */
static void fail_also(bool slab, bool pages)
{
	set_knob("failslab/cache-filter", slab ? "N" : "Y");
	if (debug_kernel)
		set_knob("fail_page_alloc/min-order", pages ? "0" : "32");
}

static void set_fail_nth(unsigned int n)
{
	char text[16];
	int size = snprintf(text, sizeof(text), "%u", n);

	need(pwrite(fail_nth, text, size, 0) == size, "fail-nth");
}

/* Did anything fail? The copies of this function count as well, after the answer is known. */
static bool faulted(void)
{
	char text[16] = "";
	ssize_t size = pread(fail_nth, text, sizeof(text) - 1, 0);
	bool done = size > 0 && atoi(text) == 0;

	/* The first attempt may be the one that fails. */
	if (pwrite(fail_nth, "0", 1, 0) != 1)
		set_fail_nth(0);
	return done;
}

/* THE SCENE */

#define SIZE	  (16 * PAGE)
#define MEMORY_AT ((void *)0x10000000000)
#define ELSEWHERE ((void *)0x20000000000)
#define DEAD_IOVA 0x800000

static int device;	/* /dev/dmaown */
static bool type1;	/* the contexts are VFIO containers */
static int contexts[2]; /* the second one accounts in mode mm */
static uint32_t ioases[2], copies;
static int devices[2], groups[2];
static int memory;
static struct genl genl;
static struct genl listener;

/*
 * Possible new owners. SAME has the memory; OTHER_USER too, as another user; MOVED has it at
 * another address; EMPTY maps nothing; POOR has a limit that is too low; OTHERS_MEMORY has other
 * memory there; STRANGER does not hold the contexts; ONLY_DEVICES holds them only by the devices'
 * files.
 */
enum { SAME, OTHER_USER, MOVED, EMPTY, POOR, OTHERS_MEMORY, STRANGER, ONLY_DEVICES, CHILDREN };
static pid_t pids[CHILDREN + 1]; /* the last one is this process */

static void prepare_child(void *data)
{
	switch (*(int *)data) {
	case OTHER_USER:
		become_user(1001);
		break;
	case MOVED:
		need(!munmap(MEMORY_AT, SIZE), "munmap");
		map_memory(memory, SIZE, ELSEWHERE);
		break;
	case EMPTY:
		need(!munmap(MEMORY_AT, SIZE), "munmap");
		break;
	case OTHERS_MEMORY:
		need(!munmap(MEMORY_AT, SIZE), "munmap");
		memset(map_memory(new_memory(SIZE), SIZE, MEMORY_AT), 1, SIZE);
		break;
	case STRANGER:
		close_range(3, ~0U, 0);
		break;
	case ONLY_DEVICES:
		close(contexts[0]);
		close(contexts[1]);
		break;
	case POOR:
		memlock_limit(PAGE);
		become_user(1001);
		break;
	}
}

/* Map areas by file next to each other, if the kernel can: 6.12 cannot (ENOTTY). */
static void map_files(int context, uint32_t ioas, uint64_t iova)
{
	uint64_t at;

	for (at = 0; at < 4 * PAGE; at += PAGE)
		need(!try_map_file(context, ioas, memory, at, PAGE, iova + at) || errno == ENOTTY,
		     "IOMMU_IOAS_MAP_FILE");
}

/*
 * Make areas in all modes, by address and by file, pinned by devices, partly copied to another
 * IOAS.
 */
static void make_contexts(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		devices[i] = device_file(i);
		contexts[i] = new_context();
		if (i)
			mode_mm(contexts[i]);
		need(!try_bind(devices[i], contexts[i]), "bind");
		ioases[i] = new_ioas(contexts[i]);
		need(!try_attach(devices[i], ioases[i]), "attach");
		map(contexts[i], ioases[i], MEMORY_AT, 4 * PAGE, 0);
		map_files(contexts[i], ioases[i], 0x300000);
		ipc_lock(false);
		map(contexts[i], ioases[i], MEMORY_AT + 4 * PAGE, 4 * PAGE, 0x100000);
		map_files(contexts[i], ioases[i], 0x400000);
		ipc_lock(true);
	}
	copies = new_ioas(contexts[0]);
	need(!try_copy(contexts[0], copies, 0x200000, ioases[0], 0x100000, 2 * PAGE), "copy");
}

/*
 * Undoing a transfer restores the privilege of this process, so it maps nothing without privilege.
 */
static void make_containers(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		contexts[i] = new_container();
		groups[i] = container_group(contexts[i], i);
		devices[i] = group_device(groups[i], i);
		ioases[i] = 1;
		need(!try_type1_map(contexts[i], MEMORY_AT, 4 * PAGE, 0, true) &&
			     !try_type1_map(contexts[i], MEMORY_AT + 4 * PAGE, 4 * PAGE, 0x100000,
					    true),
		     "map");
	}
}

/* The children inherit everything. */
static void make_scene(void)
{
	int i;

	memory = new_memory(SIZE);
	map_memory(memory, SIZE, MEMORY_AT);
	if (type1)
		make_containers();
	else
		make_contexts();
	for (i = 0; i < CHILDREN; i++)
		pids[i] = child(prepare_child, &i);
	pids[CHILDREN] = getpid();
}

/*
 * CALLS. Return: 0 or an errno; for a transfer, the first reason that it reports is in the upper 16
 * bits.
 */

#define WITH(error, reason) ((error) | DMAOWN_##reason << 16)

static struct dmaown_transfer transfer;
static struct dmaown_report reports[16];
static struct dmaown_file files[2];
static struct dmaown_remap remaps[4];
static struct dmaown_force forces[2];

/* Return: the reason of a report with this errno, or 0 if there is none or memory was lacking. */
static int reason_of(int error)
{
	unsigned int i;

	for (i = 0; i < transfer.nr_reports; i++)
		if ((int)reports[i].error == error && reports[i].reason != DMAOWN_REASON_NO_MEMORY)
			return reports[i].reason;
	return 0;
}

static int ask_transfer(void)
{
	int error;

	transfer.reports = (uintptr_t)reports;
	transfer.nr_reports = 16;
	memset(reports, 0, sizeof(reports));
	if (!ioctl(device, DMAOWN_IOC_TRANSFER, &transfer))
		return 0;
	error = errno;
	return error == EFAULT ? error : error | reason_of(error) << 16;
}

/* Prepare to transfer everything in the first @nr contexts to one of the children. */
static void to_child(int who, int nr)
{
	int i;

	transfer = (struct dmaown_transfer){ .size = sizeof(transfer), .to.pid = pids[who] };
	transfer.files = (uintptr_t)files;
	transfer.nr_files = nr;
	for (i = 0; i < nr; i++)
		files[i] = (struct dmaown_file){ .fd = contexts[i] };
	/* Several children of different users hold the contexts: accept them. */
	forces[0] = (struct dmaown_force){ .reason = DMAOWN_REASON_UNTRUSTED };
	transfer.forces = (uintptr_t)forces;
	transfer.nr_forces = 1;
}

static void undo_transfer(void)
{
	static const struct dmaown_transfer none;

	transfer = none;
	to_child(CHILDREN, 2);
	transfer.timeout_ms = 10000 * setting("DMAOWN_SLOW", 1);
	need(!ask_transfer(), "the transfer back");
}

static int transfer_one(void)
{
	to_child(SAME, 1);
	return ask_transfer();
}

static int transfer_all(void)
{
	to_child(OTHER_USER, 2);
	return ask_transfer();
}

static int transfer_mm(void)
{
	to_child(OTHER_USER, 1);
	files[0].fd = contexts[1];
	return ask_transfer();
}

static int transfer_found(void)
{
	to_child(SAME, 0);
	transfer.from.pid = getpid();
	return ask_transfer();
}

static int transfer_from_holder(void)
{
	to_child(OTHER_USER, 2);
	files[1].holder.pid = pids[EMPTY];
	return ask_transfer();
}

static int transfer_by_device(void)
{
	to_child(SAME, 2);
	files[0].fd = devices[0];
	files[1] = (struct dmaown_file){ .holder.pid = pids[ONLY_DEVICES], .fd = devices[1] };
	return ask_transfer();
}

static int transfer_to_device_holder(void)
{
	to_child(ONLY_DEVICES, 0);
	return ask_transfer();
}

static int transfer_forced(void)
{
	to_child(SAME, 1);
	forces[0].process.pid = pids[OTHER_USER];
	forces[1] = (struct dmaown_force){ .reason = DMAOWN_REASON_UNTRUSTED,
					   .process.pid = pids[POOR] };
	transfer.nr_forces = 2;
	return ask_transfer();
}

static void give_remaps(void *at)
{
	remaps[0] = (struct dmaown_remap){ .ioas = ioases[0], .addr = (uintptr_t)at };
	remaps[1] = (struct dmaown_remap){ .ioas = ioases[0],
					   .iova = 0x100000,
					   .addr = (uintptr_t)at + 4 * PAGE };
	remaps[2] = (struct dmaown_remap){ .ioas = copies,
					   .iova = 0x200000,
					   .addr = (uintptr_t)at + 4 * PAGE };
	transfer.remaps = (uintptr_t)remaps;
	transfer.nr_remaps = type1 ? 2 : 3;
}

static int transfer_remapped(void)
{
	to_child(MOVED, 1);
	give_remaps(ELSEWHERE);
	return ask_transfer();
}

static void undo_remapped(void)
{
	to_child(CHILDREN, 1);
	give_remaps(MEMORY_AT);
	transfer.timeout_ms = 10000 * setting("DMAOWN_SLOW", 1);
	need(!ask_transfer(), "the transfer back");
}

static int dry_run(void)
{
	to_child(OTHER_USER, 2);
	transfer.flags = DMAOWN_TRANSFER_DRY_RUN;
	return ask_transfer();
}

static int dry_run_refused(void)
{
	to_child(EMPTY, 2);
	transfer.flags = DMAOWN_TRANSFER_DRY_RUN;
	return ask_transfer();
}

static int nothing_to_do(void)
{
	to_child(CHILDREN, 2);
	return ask_transfer();
}

static int refused_memory(void)
{
	to_child(EMPTY, 2);
	return ask_transfer();
}

static int refused_limit(void)
{
	to_child(POOR, 2);
	return ask_transfer();
}

static int refused_holder(void)
{
	to_child(STRANGER, 2);
	return ask_transfer();
}

static int refused_user(void)
{
	to_child(SAME, 2);
	transfer.nr_forces = 0;
	return ask_transfer();
}

static int refused_remap(void)
{
	to_child(MOVED, 1);
	give_remaps(ELSEWHERE);
	remaps[transfer.nr_remaps++] = (struct dmaown_remap){ .ioas = ioases[0], .iova = PAGE };
	return ask_transfer();
}

static int refused_process(void)
{
	to_child(SAME, 2);
	transfer.to.start = 1;
	return ask_transfer();
}

/* Make an area whose owner will be gone. */
static void map_in_child(void *data)
{
	if (type1)
		need(!try_type1_map(contexts[0], MEMORY_AT + 8 * PAGE, 4 * PAGE, DEAD_IOVA, true),
		     "map");
	else
		map(contexts[0], ioases[0], MEMORY_AT + 8 * PAGE, 4 * PAGE, DEAD_IOVA);
}

static struct dmaown_process dead_owner;

static void make_dead_owner(void)
{
	pid_t pid = child(map_in_child, NULL);

	dead_owner = named(device, pid);
	dead_owner.flags = DMAOWN_PROCESS_INITIAL;
	end_child(pid);
}

static int adopt(void)
{
	to_child(CHILDREN, 2);
	transfer.flags = DMAOWN_TRANSFER_ADOPT;
	return ask_transfer();
}

static void renew_baseline(void);

static void unmap_dead_owners(void)
{
	need(!(type1 ? try_type1_unmap(contexts[0], DEAD_IOVA, 4 * PAGE, 0) :
		       try_unmap(contexts[0], ioases[0], DEAD_IOVA, 4 * PAGE)),
	     "unmap");
}

/* A transfer from an owner that is gone cannot be undone: make another dead owner in its place. */
static void undo_adopted(void)
{
	unmap_dead_owners();
	make_dead_owner();
	renew_baseline();
}

static int refused_dead(void)
{
	to_child(CHILDREN, 2);
	return ask_transfer();
}

static int dry_adoption(void)
{
	to_child(CHILDREN, 2);
	transfer.flags = DMAOWN_TRANSFER_ADOPT | DMAOWN_TRANSFER_DRY_RUN;
	return ask_transfer();
}

/* The new owner has other memory there. */
static int refused_adoption(void)
{
	to_child(OTHERS_MEMORY, 2);
	transfer.from = dead_owner;
	transfer.flags = DMAOWN_TRANSFER_ADOPT;
	return ask_transfer();
}

static int process_info(void)
{
	struct dmaown_process_info info = { .size = sizeof(info), .process.pid = pids[SAME] };

	return ioctl(device, DMAOWN_IOC_PROCESS, &info) ? errno : 0;
}

/* Return: as a transfer. */
static int ask_leave(pid_t pid)
{
	struct dmaown_leave leave = { .size = sizeof(leave), .process.pid = pid };
	int error;

	leave.reports = (uintptr_t)reports;
	leave.nr_reports = 16;
	memset(reports, 0, sizeof(reports));
	if (!ioctl(device, DMAOWN_IOC_LEAVE, &leave))
		return 0;
	error = errno;
	return error == EXDEV ? error | (int)reports[0].reason << 16 : error;
}

static int child_leaves(void)
{
	return ask_leave(pids[SAME]);
}

static int this_leaves(void)
{
	return ask_leave(getpid());
}

static int open_device(void)
{
	int fd = open(DMAOWN_DEVICE, O_RDWR);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* The call succeeded but its result is incomplete: this is not an errno. */
#define INCOMPLETE 4000

static const char *listing; /* path of the file that is read */
static char *whole_text;    /* its full content */
static char read_buffer[65536];

static int read_listing(void)
{
	size_t used = 0;
	ssize_t n;
	int error, fd = open(listing, O_RDONLY);

	if (fd < 0)
		return errno;
	while ((n = read(fd, read_buffer + used, sizeof(read_buffer) - used - 1)) > 0)
		used += n;
	error = n < 0 ? errno : 0;
	close(fd);
	read_buffer[used] = '\0';
	return error ?: strcmp(read_buffer, whole_text) ? INCOMPLETE : 0;
}

static int open_listing(void)
{
	int fd = open(listing, O_RDONLY);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int command; /* of the dump that is requested */
static struct genl_answer answer, whole_answer;

static int ask_netlink(int flags)
{
	int ret = genl_ask(&genl, command, flags, NULL, 0, &answer);

	if (ret)
		return -ret;
	return answer.size == whole_answer.size && !answer.interrupted &&
			       !memcmp(answer.bytes, whole_answer.bytes, answer.size) ?
		       0 :
		       INCOMPLETE;
}

static int ask_dump(void)
{
	return ask_netlink(NLM_F_DUMP);
}

static int ask_status(void)
{
	return ask_netlink(0);
}

/* A dump that has begun may continue in its socket: open a new one. */
static void new_socket(void)
{
	genl_close(&genl);
	need(!genl_open(&genl), "netlink");
}

/* THE TEST ITSELF */

struct fault_case {
	const char *name;
	int (*call)(void);
	int expected;	     /* if nothing is made to fail */
	int type1;	     /* expected with containers; 0: no difference */
	int least;	     /* minimum number of allocation failures */
	void (*undo)(void);  /* if the call changes something */
	void (*renew)(void); /* called after a failure */
	bool variant;	     /* of other cases: omitted if time is short */
};

/* Results of one case. */
struct tally {
	int injected, failed, late;
	int bad;
	bool good; /* nothing was bad, and everything that can fail has failed */
};

static void complain(struct tally *tally, const struct fault_case *c, int n, const char *what,
		     int got)
{
	tally->bad++;
	diag("%s, %d: %s; it returned %d (%s), reason %d", c->name, n, what, got & 0xffff,
	     strerrorname_np(got & 0xffff) ?: "?", got >> 16);
}

static bool is_fault_errno(int got)
{
	return got == ENOMEM || got == EFAULT || got == ENOBUFS;
}

static char *baseline; /* state before the call */
static char *changed;  /* state after the call */

static char *state(void)
{
	return state_text(pids, CHILDREN + 1);
}

static void renew_baseline(void)
{
	free(baseline);
	baseline = state();
}

/* Has the call done everything that it does? */
static bool is_done(const struct fault_case *c, const char *now)
{
	return c->undo == undo_adopted ? !strstr(now, "state=dead") : !strcmp(now, changed);
}

/*
 * Judge a call after a fault. If the struct could not be written back at the end (EFAULT), the work
 * may be done: the state shows it.
 */
static void judge(struct tally *tally, const struct fault_case *c, int n, int got)
{
	char *now = state();
	bool done = c->undo && (got == c->expected || (got == EFAULT && strcmp(now, baseline)));

	tally->failed += got != c->expected;
	tally->late += done && got == EFAULT;
	if (got != c->expected && !is_fault_errno(got))
		complain(tally, c, n, "the errno does not fit a failure", got);
	if (done ? !is_done(c, now) : strcmp(now, baseline)) {
		complain(tally, c, n, done ? "not all was done" : "the state has changed", got);
		diag("from:\n%s\nto:\n%s", baseline, now);
	}
	free(now);
	if (!done)
		return;
	c->undo();
	now = state();
	if (strcmp(now, baseline))
		complain(tally, c, n, "undoing it leads to another state", got);
	free(now);
}

/* Make the n-th allocation or copy fail. Return: false if there is none. */
static bool strike(struct tally *tally, const struct fault_case *c, int n)
{
	int got;

	set_fail_nth(n);
	got = c->call();
	if (!faulted()) {
		if (got != c->expected)
			complain(tally, c, n, "nothing failed, but the result differs", got);
		if (c->undo)
			c->undo();
		return false;
	}
	tally->injected++;
	judge(tally, c, n, got);
	if (c->renew)
		c->renew();
	return true;
}

#define MOST 2000

/* Make one after the other fail, of these and of the copies, until none is left. */
static struct tally strike_all(const struct fault_case *c, bool slab, bool pages)
{
	struct tally tally = { 0 };
	int n = 1;

	fail_also(slab, pages);
	while (n < MOST && tally.bad < 5 && strike(&tally, c, n))
		n++;
	tally.good = !tally.bad && n < MOST;
	return tally;
}

/*
 * Slab: at least the expected number of failures must occur. Every way in has at least one copy as
 * well.
 */
static void run_slab(const struct fault_case *c)
{
	struct tally tally = strike_all(c, true, false);
	int least = c->least + debug_kernel;

	ok(tally.good, "%s: %d made to fail, %d failures of the call", c->name, tally.injected,
	   tally.failed);
	ok(tally.failed >= least, "%s: that is what was to be tried, %d at least", c->name, least);
}

/* The number of pages that a call allocates for itself cannot be predicted. */
static void run_pages(const struct fault_case *c)
{
	struct tally tally = strike_all(c, false, true);

	ok(tally.good, "%s: %d made to fail with pages, %d failures of the call", c->name,
	   tally.injected, tally.failed);
}

/*
 * Only one copy to user space comes after the change, that of the struct. It may fail in two
 * places: in the whole struct and in the rest.
 */
static void run_copies(const struct fault_case *c)
{
	struct tally tally = strike_all(c, false, false);

	ok(tally.good && tally.late >= 1 && tally.late <= 2,
	   "%s: %d copies made to fail, %d after the change", c->name, tally.injected, tally.late);
}

static const char *only; /* run only cases whose names contain this; NULL: all */
static bool few;	 /* omit variants */

static void run_case(const struct fault_case *c)
{
	char *after;

	if ((only && !strstr(c->name, only)) || (few && c->variant))
		return;
	renew_baseline();
	if (c->undo) {
		need(c->call() == c->expected, c->name);
		free(changed);
		changed = state();
		c->undo();
	}
	run_slab(c);
	if (debug_kernel)
		run_pages(c);
	if (debug_kernel && c->undo)
		run_copies(c);
	after = state();
	ok(!strcmp(baseline, after), "%s: everything is as it was in the end", c->name);
	free(after);
}

static const struct fault_case cases[] = {
	{ .name = "open /dev/dmaown", .call = open_device, .least = 1 },
	{ .name = "DMAOWN_IOC_PROCESS", .call = process_info },
	{ .name = "transfer by address",
	  .call = transfer_one,
	  .least = 15,
	  .undo = undo_transfer,
	  .variant = true },
	{ .name = "transfer in mode mm",
	  .call = transfer_mm,
	  .least = 15,
	  .undo = undo_transfer,
	  .variant = true },
	{ .name = "transfer to another user, in all modes and contexts",
	  .call = transfer_all,
	  .least = 15,
	  .undo = undo_transfer },
	{ .name = "transfer in whatever contexts there are",
	  .call = transfer_found,
	  .least = 15,
	  .undo = undo_transfer,
	  .variant = true },
	{ .name = "transfer in a context of another process",
	  .call = transfer_from_holder,
	  .least = 15,
	  .undo = undo_transfer,
	  .variant = true },
	{ .name = "transfer in a context named by a device's file",
	  .call = transfer_by_device,
	  .least = 15,
	  .undo = undo_transfer,
	  .variant = true },
	{ .name = "transfer to a process that has only the devices' files",
	  .call = transfer_to_device_holder,
	  .least = 15,
	  .undo = undo_transfer },
	{ .name = "transfer with forces",
	  .call = transfer_forced,
	  .least = 15,
	  .undo = undo_transfer,
	  .variant = true },
	{ .name = "transfer with a remap list",
	  .call = transfer_remapped,
	  .least = 15,
	  .undo = undo_remapped },
	{ .name = "nothing to do", .call = nothing_to_do, .least = 15, .variant = true },
	{ .name = "dry run", .call = dry_run, .least = 15, .variant = true },
	{ .name = "dry run, refused",
	  .call = dry_run_refused,
	  .expected = WITH(ENXIO, REASON_HOLE),
	  .least = 15 },
	{ .name = "refused for the memory",
	  .call = refused_memory,
	  .expected = WITH(ENXIO, REASON_HOLE),
	  .least = 15,
	  .variant = true },
	{ .name = "refused for the limit",
	  .call = refused_limit,
	  .expected = WITH(ENOMEM, REASON_LIMIT_USER),
	  .type1 = WITH(ENOMEM, REASON_LIMIT_MM),
	  .least = 15 },
	{ .name = "refused for the remap list",
	  .call = refused_remap,
	  .expected = WITH(EINVAL, REASON_REMAP_UNKNOWN),
	  .least = 15,
	  .variant = true },
	{ .name = "refused for a holder",
	  .call = refused_holder,
	  .expected = WITH(EXDEV, REASON_NOT_HELD),
	  .least = 15,
	  .variant = true },
	{ .name = "refused for another holder",
	  .call = refused_user,
	  .expected = WITH(EXDEV, REASON_UNTRUSTED),
	  .least = 15,
	  .variant = true },
	{ .name = "refused for the process",
	  .call = refused_process,
	  .expected = WITH(ESRCH, REASON_NO_PROCESS),
	  .least = 3 },
};

/* Everybody holds the contexts. */
static const struct fault_case leaves[] = {
	{ .name = "what is lost with one of many", .call = child_leaves, .least = 10 },
};

/* No child holds the context that was opened last. */
static const struct fault_case losses[] = {
	{ .name = "what is lost with the only one",
	  .call = this_leaves,
	  .expected = WITH(EXDEV, REASON_WOULD_LOSE),
	  .least = 10 },
};

static const struct fault_case adoptions[] = {
	{ .name = "adoption", .call = adopt, .least = 15, .undo = undo_adopted },
	{ .name = "adoption, dry run", .call = dry_adoption, .least = 15, .variant = true },
	{ .name = "refused for a dead owner",
	  .call = refused_dead,
	  .expected = WITH(ESRCH, REASON_OWNER_DEAD),
	  .least = 15,
	  .variant = true },
	{ .name = "refused for other pages",
	  .call = refused_adoption,
	  .expected = WITH(ENXIO, REASON_PAGES),
	  .least = 15 },
};

static void run_cases(const struct fault_case *c, size_t nr)
{
	for (; nr--; c++) {
		struct fault_case this = *c;

		if (type1 && c->type1)
			this.expected = c->type1;
		run_case(&this);
	}
}

/* A container without a group is no context: there is none to be lost. */
static void test_leave(void)
{
	int lonely;

	run_cases(leaves, sizeof(leaves) / sizeof(leaves[0]));
	if (type1)
		return;
	lonely = new_context();
	run_cases(losses, sizeof(losses) / sizeof(losses[0]));
	close(lonely);
}

static void test_debugfs(void)
{
	static const char *const listings[] = { "contexts", "holders", "ioases", "hwpts", "devices",
						"accesses", "areas",   "owners", "status" };
	struct fault_case c = { .least = 5, .call = read_listing };
	char path[64], name[80];
	size_t i;

	for (i = 0; i < sizeof(listings) / sizeof(listings[0]); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/dmaown/%s", listings[i]);
		snprintf(name, sizeof(name), "debugfs %s", listings[i]);
		listing = path;
		whole_text = file_text(path);
		need(whole_text, path);
		c.name = name;
		c.variant = strcmp(listings[i], "areas");
		run_case(&c);
		free(whole_text);
	}
	c = (struct fault_case){ .name = "open a file of debugfs",
				 .call = open_listing,
				 .least = 2 };
	run_case(&c);
}

static void test_netlink(void)
{
	struct fault_case c = { .least = 5, .call = ask_dump, .renew = new_socket };
	char name[64];
	const int *dump;

	need(!genl_open(&genl), "netlink");
	for (dump = genl_dumps; *dump; dump++) {
		command = *dump;
		need(!genl_ask(&genl, command, NLM_F_DUMP, NULL, 0, &whole_answer), "a dump");
		snprintf(name, sizeof(name), "netlink dump %d", command);
		c.name = name;
		c.variant = command != DMAOWN_CMD_GET_OWNER;
		run_case(&c);
	}
	command = DMAOWN_CMD_GET_STATUS;
	need(!genl_ask(&genl, command, 0, NULL, 0, &whole_answer), "the status");
	c.variant = false;
	c.name = "netlink status";
	c.call = ask_status;
	run_case(&c);
}

int main(int argc, char **argv)
{
	char *before, *after;
	size_t i;

	type1 = argc > 1 && !strcmp(argv[1], "-t");
	only = argc > 1 + type1 ? argv[1 + type1] : NULL;
	few = setting("DMAOWN_FAULTS_FEW", 0);
	device = open(DMAOWN_DEVICE, O_RDWR);
	need(device >= 0, DMAOWN_DEVICE);
	make_scene();
	/* Events are only made if a process listens. */
	need(!genl_open(&listener) && !genl_join(&listener), "listening");
	before = contexts_text();
	prepare_faults();
	run_cases(cases, sizeof(cases) / sizeof(cases[0]));
	test_leave();
	make_dead_owner();
	run_cases(adoptions, sizeof(adoptions) / sizeof(adoptions[0]));
	ok(genl_events(&listener) > 0, "the listener has heard of it");
	test_debugfs();
	test_netlink();
	unmap_dead_owners();
	after = contexts_text();
	ok(!strcmp(before, after), "contexts, holders, and all objects are as they were");
	for (i = 0; i < CHILDREN; i++)
		end_child(pids[i]);
	return done_testing();
}

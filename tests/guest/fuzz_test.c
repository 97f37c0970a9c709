// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ioctls, netlink messages and reads of debugfs that are valid except for one detail, or invalid
 * altogether. Each must answer with success or with an errno that the interface documents. Unless a
 * transfer succeeds, the state must not change. TAP on standard output; DMAOWN_FUZZ_SECONDS is the
 * duration, DMAOWN_FUZZ_SEED repeats a run.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "dmaown.h"
#include "genl.h"
#include "scene.h"
#include "tap.h"

/* CHANCE */

static uint64_t chance;

/* splitmix64 */
static uint64_t any(void)
{
	uint64_t z = chance += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint32_t below(uint32_t n)
{
	return any() % n;
}

static bool one_in(uint32_t n)
{
	return !below(n);
}

#define ONE_OF(...)                                                   \
	({                                                            \
		const uint64_t choice_[] = { __VA_ARGS__ };           \
		choice_[below(sizeof(choice_) / sizeof(choice_[0]))]; \
	})

/* Return: a number near a limit of some kind. */
static uint64_t odd(void)
{
	uint64_t value = 1ull << below(64);

	switch (below(5)) {
	case 0:
		return value;
	case 1:
		return value - 1;
	case 2:
		return -value;
	case 3:
		return below(16);
	default:
		return any();
	}
}

/* THE SCENE */

#define SIZE	  (16 * PAGE)
#define MEMORY_AT ((void *)0x10000000000)

enum { SAME, OTHER_USER, EMPTY, CHILDREN };
static pid_t pids[CHILDREN + 1]; /* the last one is this process */
static pid_t gone;
/* An iommufd context, a VFIO container, and an iommufd context in mode mm without a device. */
static int dmaown, contexts[3], devices[2], group;
static uint32_t ioases[3];
static char *edge; /* page before an unmapped page */
static char *state;

static void prepare_child(void *data)
{
	if (*(int *)data == OTHER_USER)
		become_user(1001);
	if (*(int *)data == EMPTY)
		need(!munmap(MEMORY_AT, SIZE), "munmap");
}

static void make_context(int i)
{
	contexts[i] = new_context();
	if (i)
		mode_mm(contexts[i]);
	ioases[i] = new_ioas(contexts[i]);
	if (!i) {
		devices[0] = device_file(0);
		need(!try_bind(devices[0], contexts[0]), "bind");
		need(!try_attach(devices[0], ioases[0]), "attach");
	}
	map(contexts[i], ioases[i], MEMORY_AT, 4 * PAGE, 0);
	ipc_lock(false);
	map(contexts[i], ioases[i], MEMORY_AT + 4 * PAGE, 4 * PAGE, 0x100000);
	ipc_lock(true);
}

static void make_container(void)
{
	contexts[1] = new_container();
	group = container_group(contexts[1], 1);
	devices[1] = group_device(group, 1);
	ioases[1] = 1;
	need(!try_type1_map(contexts[1], MEMORY_AT, 4 * PAGE, 0, true) &&
		     !try_type1_map(contexts[1], MEMORY_AT + 4 * PAGE, 4 * PAGE, 0x100000, true),
	     "map");
}

static void make_scene(void)
{
	int i;

	map_memory(new_memory(SIZE), SIZE, MEMORY_AT);
	for (i = 0; i < 3; i += 2)
		make_context(i);
	make_container();
	for (i = 0; i < CHILDREN; i++)
		pids[i] = child(prepare_child, &i);
	pids[CHILDREN] = getpid();
	gone = child(NULL, NULL);
	end_child(gone);
	edge = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	need(edge != MAP_FAILED && !munmap(edge + PAGE, PAGE), "a page");
}

static void renew_state(void)
{
	free(state);
	state = state_text(pids, CHILDREN + 1);
}

/* RESULTS */

static unsigned long calls, successes, transfers, messages, answers, reads;
static int bad;

static void complain(const char *what, int error)
{
	if (bad++ < 10)
		diag("call %lu: %s: %s", calls, what, strerrorname_np(error) ?: "?");
}

static bool is_one_of(int error, const int *known)
{
	while (*known && *known != error)
		known++;
	return *known;
}

static void check_state(void)
{
	char *now = state_text(pids, CHILDREN + 1);

	if (strcmp(now, state)) {
		complain("the state has changed", 0);
		diag("from:\n%s\nto:\n%s", state, now);
	}
	free(now);
}

/* IOCTLS */

static struct dmaown_process any_process(void)
{
	struct dmaown_process process = { .pid = pids[below(CHILDREN + 1)] };

	if (one_in(6))
		process.pid = ONE_OF(0, 1, gone, odd());
	if (one_in(4))
		process.start = ONE_OF(1, odd(), named(dmaown, pids[SAME]).start);
	if (one_in(6))
		process.flags = ONE_OF(DMAOWN_PROCESS_INITIAL, odd());
	return process;
}

/* Return: the address of a struct or an array: in most cases the right one. */
static uint64_t any_place(void *right)
{
	if (!one_in(10))
		return (uintptr_t)right;
	return ONE_OF(0, 8, (uintptr_t)right + 1, (uintptr_t)edge + PAGE,
		      (uintptr_t)edge + PAGE - 8, (uintptr_t)MEMORY_AT, 0x7ffffffff000,
		      0xffff888000000000, 0xffffffff81000000, UINT64_MAX, odd());
}

static uint32_t any_count(uint32_t right, uint32_t most)
{
	return one_in(8) ? ONE_OF(0, 1, right + 1, most, most + 1, UINT32_MAX, odd()) : right;
}

#define ARRAY 4

static struct {
	struct dmaown_file files[ARRAY];
	struct dmaown_remap remaps[ARRAY];
	struct dmaown_force forces[ARRAY];
	struct dmaown_report reports[ARRAY];
	struct dmaown_range ranges[ARRAY];
} arrays;

static void spoil(void *bytes, size_t size)
{
	if (one_in(12))
		((uint8_t *)bytes)[below(size)] = any();
}

static struct dmaown_file any_file(void)
{
	struct dmaown_file file = {
		.fd = ONE_OF(contexts[0], contexts[1], contexts[2], devices[0], devices[1], group),
	};

	if (one_in(3))
		file.holder = any_process();
	if (one_in(12))
		file.fd = ONE_OF(0, dmaown, 1000, odd());
	if (one_in(12))
		file.context = odd();
	spoil(&file, sizeof(file));
	return file;
}

static void make_files(struct dmaown_transfer *t)
{
	uint32_t nr = below(3), i;

	for (i = 0; i < ARRAY; i++)
		arrays.files[i] = any_file();
	t->nr_files = any_count(nr, DMAOWN_TRANSFER_MAX_FILES);
	t->files = any_place(arrays.files);
}

/* Half of the lists are complete, for one context. */
static void make_remaps(struct dmaown_transfer *t)
{
	uint32_t i, context = below(3);

	if (!one_in(3))
		return;
	for (i = 0; i < ARRAY; i++) {
		arrays.remaps[i] = (struct dmaown_remap){
			.ioas = ioases[context],
			.iova = i * 0x100000,
			.addr = (uintptr_t)MEMORY_AT + i * 4 * PAGE,
		};
		if (one_in(6))
			arrays.remaps[i].addr = ONE_OF(odd(), (uintptr_t)MEMORY_AT + 1, 0);
		if (one_in(6))
			arrays.remaps[i].iova = odd();
		spoil(&arrays.remaps[i], sizeof(arrays.remaps[i]));
	}
	t->nr_files = 1;
	arrays.files[0] = (struct dmaown_file){ .fd = contexts[context] };
	t->nr_remaps = any_count(2, DMAOWN_TRANSFER_MAX_REMAPS);
	t->remaps = any_place(arrays.remaps);
}

static void make_forces(struct dmaown_transfer *t)
{
	uint32_t i;

	for (i = 0; i < ARRAY; i++) {
		arrays.forces[i] = (struct dmaown_force){
			.reason = ONE_OF(DMAOWN_REASON_UNTRUSTED, DMAOWN_REASON_WOULD_RESET,
					 DMAOWN_REASON_UNKNOWN_HOLDER, DMAOWN_REASON_UNSEEN,
					 DMAOWN_REASON_TAKEN_BACK),
		};
		if (one_in(8))
			arrays.forces[i].reason = odd();
		if (one_in(4))
			arrays.forces[i].process = any_process();
		if (one_in(4))
			memset(arrays.forces[i].device, ONE_OF(0, 'x', 0xff), below(65));
		spoil(&arrays.forces[i], sizeof(arrays.forces[i]));
	}
	t->nr_forces = any_count(below(3), DMAOWN_TRANSFER_MAX_FORCES);
	t->forces = any_place(arrays.forces);
}

/* Do not let the module write beyond the array, or where it does harm. */
static void make_reports(__u64 *reports, __u32 *nr)
{
	*nr = any_count(below(ARRAY + 1), DMAOWN_TRANSFER_MAX_REPORTS);
	if (*nr > ARRAY && *nr <= DMAOWN_TRANSFER_MAX_REPORTS)
		*nr = ARRAY;
	*reports = any_place(arrays.reports);
	if (*reports == (uintptr_t)MEMORY_AT || *reports == (uintptr_t)arrays.reports + 1)
		*nr = 0;
}

static struct dmaown_transfer any_transfer(void)
{
	struct dmaown_transfer t = {
		.size = sizeof(t),
		.to = any_process(),
		.flags = ONE_OF(0, 0, DMAOWN_TRANSFER_DRY_RUN, DMAOWN_TRANSFER_ADOPT),
		.timeout_ms = ONE_OF(0, 1, 20),
	};

	if (one_in(3))
		t.from = any_process();
	if (one_in(12))
		t.flags = odd();
	/* Do not use the longest timeout that is allowed: the test would wait for it. */
	if (one_in(12))
		t.timeout_ms = ONE_OF(DMAOWN_TRANSFER_MAX_TIMEOUT + 1, UINT32_MAX);
	make_files(&t);
	make_forces(&t);
	make_remaps(&t);
	make_reports(&t.reports, &t.nr_reports);
	return t;
}

static const int ioctl_errors[] = { ENOENT, ESRCH, ENOMEM,     ENXIO,  EINVAL, EBUSY, EXDEV,
				    EBADF,  E2BIG, EOPNOTSUPP, EFAULT, ENOTTY, 0 };

union argument {
	struct dmaown_transfer transfer;
	struct dmaown_process_info process;
	struct dmaown_leave leave;
	struct dmaown_compare compare;
	uint32_t size;
	uint8_t bytes[2 * 4096];
};

/* Call with the struct at the end of the page or elsewhere, with a right or wrong size. */
static void call(unsigned long cmd, union argument *arg, size_t size)
{
	void *at = one_in(3) ? edge + PAGE - size : (char *)arg;
	int ret;

	if (one_in(8))
		arg->size = ONE_OF(0, 4, size - 8, size + 8, size + 1, PAGE, PAGE + 1, UINT32_MAX,
				   odd());
	memcpy(at == arg ? at : edge + PAGE - size, arg, size);
	if (one_in(30))
		at = (void *)(uintptr_t)any_place(edge);
	if (one_in(30))
		cmd = ONE_OF(any(), cmd ^ 1ull << below(32), _IO(DMAOWN_IOC_TYPE, below(8)));
	calls++;
	ret = ioctl(dmaown, cmd, at);
	successes += !ret;
	if (ret > 0)
		complain("an ioctl that returns something", 0);
	if (ret < 0 && !is_one_of(errno, ioctl_errors))
		complain("an ioctl", errno);
	/*
	 * After EFAULT the work may be done: only the result could not be written back. But
	 * DMAOWN_IOC_LEAVE changes nothing.
	 */
	if ((!ret || errno == EFAULT) && _IOC_NR(cmd) != _IOC_NR(DMAOWN_IOC_LEAVE)) {
		transfers += !ret && _IOC_NR(cmd) == _IOC_NR(DMAOWN_IOC_TRANSFER);
		renew_state();
	}
}

static void fuzz_transfer(void)
{
	static union argument arg;

	memset(&arg, 0, sizeof(arg));
	arg.transfer = any_transfer();
	if (one_in(20))
		arg.bytes[sizeof(arg.transfer) + below(PAGE)] = any();
	spoil(&arg.transfer.to, sizeof(arg.transfer.to) * 2);
	call(DMAOWN_IOC_TRANSFER, &arg, sizeof(arg.transfer));
}

static void fuzz_process(void)
{
	static union argument arg;

	memset(&arg, 0, sizeof(arg));
	arg.process = (struct dmaown_process_info){ .size = sizeof(arg.process) };
	arg.process.process = any_process();
	spoil(&arg.process, sizeof(arg.process));
	call(DMAOWN_IOC_PROCESS, &arg, sizeof(arg.process));
}

static void fuzz_leave(void)
{
	static union argument arg;

	memset(&arg, 0, sizeof(arg));
	arg.leave = (struct dmaown_leave){ .size = sizeof(arg.leave),
					   .process = any_process(),
					   .timeout_ms = ONE_OF(0, 1, 20) };
	make_reports(&arg.leave.reports, &arg.leave.nr_reports);
	if (one_in(12))
		arg.leave.timeout_ms = ONE_OF(DMAOWN_LEAVE_MAX_TIMEOUT + 1, UINT32_MAX);
	if (one_in(12))
		arg.leave.flags = odd();
	if (one_in(12))
		arg.leave.reserved = odd();
	if (one_in(20))
		arg.bytes[sizeof(arg.leave) + below(PAGE)] = any();
	spoil(&arg.leave.process, sizeof(arg.leave.process));
	call(DMAOWN_IOC_LEAVE, &arg, sizeof(arg.leave));
}

static void fuzz_compare(void)
{
	static union argument arg;
	struct dmaown_compare *c = &arg.compare;

	memset(&arg, 0, sizeof(arg));
	*c = (struct dmaown_compare){ .size = sizeof(*c), .file = any_file() };
	if (one_in(3)) {
		c->ioas = ONE_OF(ioases[0], ioases[1], ioases[2], odd());
		c->iova = ONE_OF(PAGE, PAGE + 1, 0x100000, odd());
	}
	c->nr_ranges = any_count(1 + below(ARRAY), DMAOWN_COMPARE_MAX_RANGES);
	/* Do not let the module write beyond the array. */
	if (c->nr_ranges > ARRAY && c->nr_ranges <= DMAOWN_COMPARE_MAX_RANGES)
		c->nr_ranges = ARRAY;
	c->ranges = any_place(arrays.ranges);
	if (c->ranges == (uintptr_t)MEMORY_AT || c->ranges == (uintptr_t)arrays.ranges + 1)
		c->nr_ranges = 0;
	call(DMAOWN_IOC_COMPARE, &arg, sizeof(*c));
}

/* NETLINK */

/*
 * A dump that continues in the socket answers EBUSY. The kernel checks the parts of a message
 * before the module sees them.
 */
static const int netlink_errors[] = { EINVAL,	EOPNOTSUPP, ENOENT,  EBUSY, ERANGE,
				      EMSGSIZE, ENOMEM,	    ENOBUFS, 0 };

static uint8_t message[4096];

/* Attributes: the right one, or one with another length, type or nesting, or none. */
static size_t any_attributes(uint8_t *at)
{
	size_t used = 0;
	int nr = below(4);

	while (nr--) {
		struct nlattr *attr = (void *)(at + used);

		attr->nla_len = one_in(3) ? below(64) : NLA_HDRLEN + 8;
		attr->nla_type = one_in(3) ? odd() : DMAOWN_A_REQUEST_CONTEXT;
		*(uint64_t *)(at + used + NLA_HDRLEN) = odd();
		used += NLA_HDRLEN + (one_in(4) ? below(12) : 8);
	}
	return used;
}

static size_t any_message(uint8_t *at, const struct genl *genl)
{
	struct nlmsghdr *nl = (void *)at;
	struct genlmsghdr *head = NLMSG_DATA(nl);
	size_t size = NLMSG_HDRLEN + GENL_HDRLEN;

	memset(at, 0, size);
	nl->nlmsg_type = genl->family;
	nl->nlmsg_flags = NLM_F_REQUEST |
			  (one_in(4) ? odd() & 0xffff : ONE_OF(0, NLM_F_DUMP, NLM_F_ACK));
	nl->nlmsg_seq = any();
	nl->nlmsg_pid = one_in(8) ? odd() : 0;
	head->cmd = one_in(8) ? odd() : 1 + below(DMAOWN_CMD_EVENT + 1);
	head->version = one_in(8) ? odd() : 1;
	head->reserved = one_in(8) ? odd() : 0;
	size += any_attributes(at + size);
	nl->nlmsg_len = one_in(8) ? below(2 * size + 1) : size;
	return size;
}

static void check_answers(const struct genl *genl)
{
	static char buffer[65536];
	const struct nlmsghdr *nl;
	int size, error;

	while ((size = recv(genl->sock, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0) {
		for (nl = (void *)buffer; NLMSG_OK(nl, (unsigned int)size);
		     nl = NLMSG_NEXT(nl, size)) {
			answers++;
			if (nl->nlmsg_type != NLMSG_ERROR && nl->nlmsg_type != NLMSG_DONE)
				continue;
			memcpy(&error, NLMSG_DATA(nl), sizeof(error));
			if (error > 0 || (error && !is_one_of(-error, netlink_errors)))
				complain("netlink", -error);
		}
	}
}

static void fuzz_netlink(void)
{
	static struct genl genl = { .sock = -1 };
	size_t size = 0;
	int nr = 1 + below(3);

	if (genl.sock < 0)
		need(!genl_open(&genl), "netlink");
	while (nr--)
		size = NLMSG_ALIGN(size + any_message(message + size, &genl));
	if (one_in(8))
		size = 1 + below(size);
	calls++;
	messages++;
	if (send(genl.sock, message, size, 0) < 0 && errno != ENOBUFS)
		complain("sending", errno);
	if (one_in(4))
		genl_close(&genl);
	else
		check_answers(&genl);
}

/* DEBUGFS */

static const int file_errors[] = { EFAULT, ESPIPE, EINVAL, EBADF, 0 };

static void fuzz_debugfs(void)
{
	static const char *const listings[] = { "contexts", "holders", "ioases", "hwpts", "devices",
						"accesses", "areas",   "owners", "status" };
	char path[64], buffer[4096];
	ssize_t n;
	int fd, nr = below(6);

	snprintf(path, sizeof(path), "/sys/kernel/debug/dmaown/%s", listings[below(9)]);
	fd = open(path, one_in(8) ? O_RDWR : O_RDONLY);
	need(fd >= 0, path);
	calls++;
	reads++;
	while (nr--) {
		uint32_t size = ONE_OF(0, 1, 7, below(sizeof(buffer)), sizeof(buffer));

		switch (below(8)) {
		case 0:
			n = lseek(fd, odd(), below(5));
			break;
		case 1:
			n = pread(fd, buffer, size, odd() & INT64_MAX);
			break;
		case 2:
			n = write(fd, buffer, size);
			break;
		case 3:
			n = read(fd, (void *)(uintptr_t)any_place(buffer + sizeof(buffer) - size),
				 size);
			break;
		default:
			n = read(fd, buffer, size);
			break;
		}
		if (n < 0 && !is_one_of(errno, file_errors))
			complain(path, errno);
	}
	close(fd);
}

/* THE TEST */

static void round_of_calls(void)
{
	int i;

	for (i = 0; i < 24; i++) {
		switch (below(9)) {
		case 0:
			fuzz_process();
			break;
		case 8:
			fuzz_leave();
			break;
		case 1 ... 2:
			fuzz_netlink();
			break;
		case 3:
			fuzz_debugfs();
			break;
		case 4:
			fuzz_compare();
			break;
		default:
			fuzz_transfer();
			break;
		}
	}
	check_state();
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

int main(void)
{
	uint64_t seconds = setting("DMAOWN_FUZZ_SECONDS", 120), end;
	int i;

	chance = setting("DMAOWN_FUZZ_SEED", time(NULL) * 1000003ull + getpid());
	printf("# DMAOWN_FUZZ_SEED=%llu\n", (unsigned long long)chance);
	fflush(stdout);
	dmaown = open(DMAOWN_DEVICE, O_RDWR);
	need(dmaown >= 0, DMAOWN_DEVICE);
	make_scene();
	renew_state();
	for (end = now() + seconds; now() < end && bad < 10;)
		round_of_calls();
	printf("# %lu calls: %lu ioctls succeeded, %lu of them transfers; %lu sendings to netlink, %lu answers; %lu files\n",
	       calls, successes, transfers, messages, answers, reads);
	ok(!bad, "nothing but clean errors, and nothing changes but by a transfer");
	ok(transfers > 0 && transfers < calls, "some transfers were right");
	ok(answers > messages / 4, "netlink answers");
	for (i = 0; i < CHILDREN; i++)
		end_child(pids[i]);
	return done_testing();
}

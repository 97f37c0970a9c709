// SPDX-License-Identifier: GPL-2.0-only
/*
 * A storm: while processes map, unmap, copy, make and destroy IOASes, attach and detach a device, bind and
 * unbind another, exec and get killed, transfers go back and forth between three of them and everything
 * is listed all the time. Then all of it is closed, and each counter is at its first value. TAP on
 * standard output; DMAOWN_STORM_SECONDS is how long it lasts.
 *
 * What iommufd's own calls answer in such weather is its own affair, but that a transfer or a listing
 * must never make IOMMU_DESTROY fail.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dmaown.h"
#include "genl.h"
#include "scene.h"
#include "tap.h"

/* THE SCENE */

/*
 * Contexts, each with two IOASes that last: the first two are what is transferred, in mode user and mm;
 * in the third new IOASes are copied into before they are known to exist; in the fourth areas lose
 * their owners.
 */
enum { SHARED, SHARED_MM, RACES, ORPHANS, CONTEXTS };
static int contexts[CONTEXTS];
static uint32_t ioases[CONTEXTS][2];

#define SLOTS		24
#define SLOT_PAGES	4
#define SIZE		(SLOTS * SLOT_PAGES * PAGE)
#define MEMORY_AT	((void *)0x10000000000)

static int dmaown, device;	/* /dev/dmaown; the device that stays bound to SHARED */

#define PLAYERS	3

/* What all processes see. */
static struct storm {
	bool stop;		/* end what you do, */
	bool close;		/* and let go of everything */
	pid_t players[PLAYERS];
	pid_t orphan;		/* who owns something in ORPHANS, or did */
	int still_there;	/* workers that have not ended */
	uint64_t done[16], failed[16], worst[16];
	uint64_t retries, areas, adopted, records;
	uint64_t bad;		/* what must not be */
} *storm;

/* What is counted. */
#define OPERATIONS(O)						\
	O(MAP, "map") O(UNMAP, "unmap") O(COPY, "copy")		\
	O(MAKE, "make IOAS") O(DESTROY, "destroy IOAS")		\
	O(ATTACH, "attach") O(DETACH, "detach")			\
	O(BIND, "bind") O(COPY_NEXT, "copy into the next IOAS")	\
	O(EXEC, "exec") O(KILL, "kill")				\
	O(TRANSFER, "transfer") O(ADOPT, "transfer of orphans") O(DRY_RUN, "dry run") \
	O(NETLINK, "netlink dump") O(DEBUGFS, "debugfs listing")
#define OPERATION_(o, name)	o,
#define NAME_(o, name)		name,
enum operation { OPERATIONS(OPERATION_) };
static const char * const names[] = { OPERATIONS(NAME_) };

static int count(enum operation op, int ret)
{
	__atomic_add_fetch(ret < 0 ? &storm->failed[op] : &storm->done[op], 1, __ATOMIC_RELAXED);
	return ret;
}

static void sum(uint64_t *total, uint64_t more)
{
	__atomic_add_fetch(total, more, __ATOMIC_RELAXED);
}

/* What must never happen. */
static void bad(const char *what, int error)
{
	if (__atomic_fetch_add(&storm->bad, 1, __ATOMIC_RELAXED) < 10)
		diag("%s: %s", what, strerrorname_np(error) ?: "?");
}

static bool going_on(void)
{
	return !__atomic_load_n(&storm->stop, __ATOMIC_ACQUIRE);
}

static uint32_t pick(uint32_t n)
{
	static __thread unsigned int state;

	if (!state)
		state = gettid() * 2654435761u;
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % n;
}

/* WHAT THEY DO */

static uint64_t iova_of(uint32_t slot)
{
	return 0x100000ull * (slot + 1);
}

static void *memory_of(uint32_t slot)
{
	return MEMORY_AT + slot * SLOT_PAGES * PAGE;
}

static void map_one(int context)
{
	uint32_t slot = pick(SLOTS), from = pick(SLOTS), n = pick(2);

	switch (pick(8)) {
	case 0 ... 2:
		count(MAP, try_map(contexts[context], ioases[context][n], memory_of(slot),
				   (1 + pick(SLOT_PAGES)) * PAGE, iova_of(slot)));
		break;
	case 3 ... 4:
		count(COPY, try_copy(contexts[context], ioases[context][n], iova_of(slot),
				     ioases[context][pick(2)], iova_of(from), PAGE));
		break;
	case 5 ... 6:
		count(UNMAP, try_unmap(contexts[context], ioases[context][n], iova_of(slot),
				       0x100000));
		break;
	default:
		if (!pick(20))
			count(UNMAP, try_unmap(contexts[context], ioases[context][n], 0,
					       UINT64_MAX));
	}
}

/*
 * A moment of calm now and then: in an unbroken storm there is hardly a moment without something in
 * flux, and then nothing would be tried but waiting.
 */
static void rest(void)
{
	if (!pick(16))
		usleep(pick(20000));
}

static void map_shared(void)
{
	map_one(SHARED);
	rest();
}

static void map_shared_mm(void)
{
	map_one(SHARED_MM);
	rest();
}

/* Nobody but transfers and listings knows of the IOAS besides: it can always be destroyed. */
static void make_and_destroy(void)
{
	uint32_t ioas;

	if (count(MAKE, try_ioas(contexts[SHARED], &ioas)))
		return;
	count(MAP, try_map(contexts[SHARED], ioas, memory_of(0), PAGE, 0));
	count(COPY, try_copy(contexts[SHARED], ioas, iova_of(5), ioases[SHARED][0],
			     iova_of(pick(SLOTS)), PAGE));
	if (count(DESTROY, try_destroy(contexts[SHARED], ioas)))
		bad("IOMMU_DESTROY", errno);
	rest();
}

static void attach_and_detach(void)
{
	count(ATTACH, try_attach(device, ioases[SHARED][pick(2)]));
	usleep(pick(3000));
	count(DETACH, try_detach(device));
	rest();
}

/* A device of its own, from the opening to the closing; with an IOAS that must be free at the end. */
static void bind_and_unbind(void)
{
	int other = device_file(1);
	uint32_t ioas;

	if (!count(BIND, try_bind(other, contexts[SHARED_MM])) &&
	    !count(MAKE, try_ioas(contexts[SHARED_MM], &ioas))) {
		count(MAP, try_map(contexts[SHARED_MM], ioas, memory_of(1), PAGE, 0));
		count(ATTACH, try_attach(other, ioas));
		usleep(pick(3000));
		count(DETACH, try_detach(other));
		if (count(DESTROY, try_destroy(contexts[SHARED_MM], ioas)))
			bad("IOMMU_DESTROY after the detach", errno);
	}
	close(other);
	rest();
}

/* A copy that is on its way into it makes the kernel refuse, so that one has to try again. */
static void destroy_raced(uint32_t ioas)
{
	int tries;

	for (tries = 0; tries < 100000; tries++) {
		if (!count(DESTROY, try_destroy(contexts[RACES], ioas)))
			return;
		if (errno != EBUSY)
			break;
	}
	bad("IOMMU_DESTROY of an IOAS that is copied into", errno);
}

/* IOASes come and go, under the lowest numbers that are free; */
static void race_ioases(void)
{
	uint32_t made[4];
	int nr = 0, i;

	while (nr < 4 && !count(MAKE, try_ioas(contexts[RACES], &made[nr])))
		nr++;
	for (i = 0; i < nr; i++)
		destroy_raced(made[i]);
}

/* meanwhile others copy into them, before their maker knows the number, and use what is there. */
static void race_copies(void)
{
	uint32_t next = ioases[RACES][1] + 1 + pick(4);
	uint32_t slot = pick(SLOTS);

	count(MAP, try_map(contexts[RACES], ioases[RACES][0], memory_of(slot), PAGE, iova_of(slot)));
	count(COPY_NEXT, try_copy(contexts[RACES], next, iova_of(slot), ioases[RACES][0],
				  iova_of(slot), PAGE));
	if (!pick(4))
		count(UNMAP, try_unmap(contexts[RACES], ioases[RACES][0], iova_of(slot), PAGE));
	if (!pick(4))
		count(UNMAP, try_unmap(contexts[RACES], next, 0, UINT64_MAX));
	rest();
}

static void orphan(bool exec)
{
	uint32_t slot = pick(SLOTS);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	try_map(contexts[ORPHANS], ioases[ORPHANS][0], memory_of(slot), SLOT_PAGES * PAGE,
		iova_of(slot));
	if (exec)
		execlp("sleep", "sleep", "1000", NULL);
	for (;;)
		pause();
}

/* Owners that leave their address space, or die. */
static void make_orphans(void)
{
	bool exec = pick(2);
	pid_t pid = fork();

	if (pid < 0)
		return;
	if (!pid)
		orphan(exec);
	__atomic_store_n(&storm->orphan, pid, __ATOMIC_RELEASE);
	usleep(20000 + pick(60000));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	count(KILL, 0);
	if (exec)
		count(EXEC, 0);
	if (!pick(4))
		count(UNMAP, try_unmap(contexts[ORPHANS], ioases[ORPHANS][0], 0, UINT64_MAX));
}

/* TRANSFERS AND LISTINGS */

static int transfer(enum operation op, pid_t to, const int *which, int nr, uint32_t flags)
{
	struct dmaown_force forces[] = {
		{ .reason = DMAOWN_REASON_UNTRUSTED }, { .reason = DMAOWN_REASON_WOULD_RESET }
	};
	struct dmaown_file files[2] = { 0 };
	struct dmaown_transfer t = {
		.size = sizeof(t), .flags = flags, .to.pid = to, .timeout_ms = 1000,
		.files = (uintptr_t)files, .nr_files = nr,
		.forces = (uintptr_t)forces, .nr_forces = 2,
	};
	int i, ret;

	for (i = 0; i < nr; i++)
		files[i].fd = contexts[which[i]];
	ret = count(op, ioctl(dmaown, DMAOWN_IOC_TRANSFER, &t));
	sum(&storm->retries, t.retries);
	if (!ret && !(flags & DMAOWN_TRANSFER_DRY_RUN)) {
		sum(&storm->areas, t.areas);
		sum(&storm->adopted, t.adopted);
	}
	return ret ? errno : 0;
}

static void transfer_shared(void)
{
	static const int which[] = { SHARED, SHARED_MM, RACES };
	pid_t to = storm->players[pick(PLAYERS)];
	bool dry = !pick(5);
	int first = pick(3), error;

	error = transfer(dry ? DRY_RUN : TRANSFER, to, which + first, first < 2 ? 1 + pick(2) : 1,
			 dry ? DMAOWN_TRANSFER_DRY_RUN : 0);
	if (error && error != EBUSY)
		bad("a transfer between players", error);
}

/* To a player, or to one that is about to exec or to die. */
static void transfer_orphans(void)
{
	static const int which[] = { ORPHANS };
	pid_t orphan = __atomic_load_n(&storm->orphan, __ATOMIC_ACQUIRE);
	pid_t to = pick(4) || !orphan ? storm->players[pick(PLAYERS)] : orphan;
	int error = transfer(ADOPT, to, which, 1, pick(3) ? DMAOWN_TRANSFER_ADOPT : 0);

	/* Nothing is pinned there; and a child may not have what is older than it. */
	if (error && error != EBUSY && error != ESRCH && error != ENXIO && error != EXDEV)
		bad("a transfer of orphans", error);
	usleep(pick(20000));
}

static void list_by_netlink(void)
{
	static __thread struct genl genl = { .sock = -1 };
	static __thread struct genl_answer answer;
	int n = pick(8), ret;

	if (genl.sock < 0 && genl_open(&genl))
		broken("netlink");
	if (!pick(10)) {
		/* Broken off. */
		genl_send(&genl, genl_dumps[n], NLM_F_DUMP, NULL, 0);
		genl_close(&genl);
		return;
	}
	ret = genl_ask(&genl, genl_dumps[n], NLM_F_DUMP, NULL, 0, &answer);
	count(NETLINK, ret);
	if (ret)
		bad("a netlink dump", -ret);
	sum(&storm->records, answer.records);
}

static void list_by_debugfs(void)
{
	static const char * const listings[] = {
		"contexts", "holders", "ioases", "hwpts", "devices", "accesses", "areas", "owners"
	};
	char path[64], *text;

	snprintf(path, sizeof(path), "/sys/kernel/debug/dmaown/%s", listings[pick(8)]);
	text = file_text(path);
	count(DEBUGFS, text ? 0 : -1);
	if (!text)
		bad(path, errno);
	free(text);
}

/* WHO DOES WHAT */

/*
 * Processes, the three players first; the second of them is another user. Each thing is done by a
 * thread of its own. In-kernel accesses have their place here, too.
 */
static const struct cast {
	uid_t uid;
	void (*acts[4])(void);
} cast[] = {
	{ 0, { map_shared, attach_and_detach, race_copies } },
	{ 1001, { map_shared, map_shared_mm } },
	{ 0, { map_shared_mm, bind_and_unbind, make_and_destroy } },
	{ 0, { race_ioases, race_copies } },
	{ 0, { make_orphans } },
	{ 0, { transfer_shared, transfer_shared, transfer_orphans } },
	{ 0, { list_by_netlink, list_by_netlink, list_by_debugfs } },
};

#define CAST	(sizeof(cast) / sizeof(cast[0]))

static pid_t pids[CAST];

static void *act(void *data)
{
	void (*fn)(void) = data;

	while (going_on())
		fn();
	return NULL;
}

static void perform(const struct cast *who)
{
	pthread_t threads[4];
	int nr, i;

	if (who->uid)
		become_user(who->uid);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (nr = 0; nr < 4 && who->acts[nr]; nr++)
		need(!pthread_create(&threads[nr], NULL, act, who->acts[nr]), "a thread");
	for (i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
	__atomic_sub_fetch(&storm->still_there, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&storm->close, __ATOMIC_ACQUIRE))
		usleep(1000);
	close_range(3, ~0U, 0);
	__atomic_add_fetch(&storm->still_there, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

static bool await(int still_there, int seconds)
{
	int i;

	for (i = 0; i < seconds * 100; i++) {
		if (__atomic_load_n(&storm->still_there, __ATOMIC_ACQUIRE) == still_there)
			return true;
		usleep(10000);
	}
	return false;
}

static void make_scene(void)
{
	int i;

	storm = mmap(NULL, sizeof(*storm), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	need(storm != MAP_FAILED, "memory");
	memlock_limit(UINT64_MAX);
	map_memory(new_memory(SIZE), SIZE, MEMORY_AT);
	for (i = 0; i < CONTEXTS; i++) {
		contexts[i] = new_context();
		if (i == SHARED_MM)
			mode_mm(contexts[i]);
		ioases[i][0] = new_ioas(contexts[i]);
		ioases[i][1] = new_ioas(contexts[i]);
	}
	device = device_file(0);
	need(!try_bind(device, contexts[SHARED]), "bind");
}

static void set_off(void)
{
	size_t i;

	storm->still_there = CAST;
	for (i = 0; i < CAST; i++) {
		fflush(stdout);
		pids[i] = fork();
		need(pids[i] >= 0, "fork");
		if (!pids[i])
			perform(&cast[i]);
		if (i < PLAYERS)
			storm->players[i] = pids[i];
	}
}

static void report(uint64_t seconds)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		printf("# %s: %llu, and %llu refused\n", names[i],
		       (unsigned long long)storm->done[i], (unsigned long long)storm->failed[i]);
		ok(storm->done[i] > 0 || i == ADOPT, "%s: that is what happened", names[i]);
	}
	printf("# %llu retries of transfers, %llu areas moved, %llu adopted, %llu records\n",
	       (unsigned long long)storm->retries, (unsigned long long)storm->areas,
	       (unsigned long long)storm->adopted, (unsigned long long)storm->records);
	/* Kernels that look for bugs are slow. */
	ok(storm->done[TRANSFER] >= 3 + seconds / 10, "transfers succeed in the storm");
	ok(storm->areas > 0, "and move something");
	ok(storm->bad == 0, "nothing happened that must not");
}

static void check_counters(const char *before, const char *contexts_before)
{
	char *after = state_text(NULL, 0), *left = contexts_text();
	size_t i;

	ok(!strcmp(before, after), "areas, owners and users' locked pages are as before");
	if (strcmp(before, after))
		diag("before:\n%s\nafter:\n%s", before, after);
	ok(!strcmp(contexts_before, left), "no context is left, and nobody holds one");
	if (strcmp(contexts_before, left))
		diag("before:\n%s\nafter:\n%s", contexts_before, left);
	free(after);
	free(left);
	for (i = 0; i < CAST; i++) {
		equal(process_counter(pids[i], "VmPin"), 0, "VmPin is 0 in the end");
		equal(process_counter(pids[i], "VmLck"), 0, "VmLck is 0 in the end");
	}
}

/* Users whose locked pages are seen: each owns an area that is not pinned, in a context of its own. */
static void make_witness(void *data)
{
	int context = new_context();

	become_user(*(uid_t *)data);
	map(context, new_ioas(context), map_memory(new_memory(PAGE), PAGE, NULL), PAGE, 0);
}

int main(void)
{
	uint64_t seconds = setting("DMAOWN_STORM_SECONDS", 60), i;
	uid_t users[] = { 1001, 1002 };
	char *before, *contexts_before;

	dmaown = open(DMAOWN_DEVICE, O_RDWR);
	need(dmaown >= 0, DMAOWN_DEVICE);
	for (i = 0; i < 2; i++)
		child(make_witness, &users[i]);
	before = state_text(NULL, 0);
	contexts_before = contexts_text();
	make_scene();
	set_off();
	for (i = 0; i < seconds; i++) {
		sleep(1);
		need(waitpid(-1, NULL, WNOHANG) <= 0, "one has come to an early end");
	}
	__atomic_store_n(&storm->stop, true, __ATOMIC_RELEASE);
	ok(await(0, 300), "everybody comes to an end");
	report(seconds);

	/* Whoever owns what now: with the files it all goes. */
	for (i = 0; i < CONTEXTS; i++)
		close(contexts[i]);
	close(device);
	__atomic_store_n(&storm->close, true, __ATOMIC_RELEASE);
	ok(await(CAST, 60), "and lets go of everything");
	check_counters(before, contexts_before);
	for (i = 0; i < CAST; i++)
		end_child(pids[i]);
	return done_testing();
}

// SPDX-License-Identifier: GPL-2.0-only
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
#include "storm.h"
#include "tap.h"

struct storm *storm;

static const struct play *play;
static pid_t pids[16]; /* of the cast */
static int dmaown;     /* /dev/dmaown */

int count(int operation, int ret)
{
	__atomic_add_fetch(ret < 0 ? &storm->failed[operation] : &storm->done[operation], 1,
			   __ATOMIC_RELAXED);
	return ret;
}

static void sum(uint64_t *total, uint64_t more)
{
	__atomic_add_fetch(total, more, __ATOMIC_RELAXED);
}

void bad(const char *what, int error)
{
	if (__atomic_fetch_add(&storm->bad, 1, __ATOMIC_RELAXED) < 10)
		diag("%s: %s", what, strerrorname_np(error) ?: "?");
}

static bool going_on(void)
{
	return !__atomic_load_n(&storm->stop, __ATOMIC_ACQUIRE);
}

uint32_t pick(uint32_t n)
{
	static __thread unsigned int state;

	if (!state)
		state = gettid() * 2654435761u;
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % n;
}

/*
 * Sleep for a moment, now and then. In a storm without rest something is nearly always in flux, and
 * the transfers would only wait.
 */
void rest(void)
{
	if (!pick(16))
		usleep(pick(20000));
}

static void be_orphan(void (*map)(void), bool exec)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	map();
	if (exec)
		execlp("sleep", "sleep", "1000", NULL);
	for (;;)
		pause();
}

void make_orphan(void (*map)(void), void (*unmap)(void))
{
	bool exec = pick(2);
	pid_t pid = fork();

	if (pid < 0)
		return;
	if (!pid)
		be_orphan(map, exec);
	__atomic_store_n(&storm->orphan, pid, __ATOMIC_RELEASE);
	usleep(20000 + pick(60000));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	count(KILL, 0);
	if (exec)
		count(EXEC, 0);
	if (!pick(4))
		unmap();
}

/* TRANSFERS AND LISTINGS */

int storm_transfer(int operation, pid_t to, const int *contexts, int nr, uint32_t flags)
{
	struct dmaown_force forces[] = {
		{ .reason = DMAOWN_REASON_UNTRUSTED },
		{ .reason = DMAOWN_REASON_WOULD_RESET },
		{ .reason = DMAOWN_REASON_UNKNOWN_HOLDER },
		{ .reason = DMAOWN_REASON_TAKEN_BACK },
	};
	struct dmaown_file files[2] = { 0 };
	struct dmaown_transfer t = {
		.size = sizeof(t),
		.flags = flags,
		.to.pid = to,
		.timeout_ms = 1000,
		.files = (uintptr_t)files,
		.nr_files = nr,
		.forces = (uintptr_t)forces,
		.nr_forces = sizeof(forces) / sizeof(forces[0]),
	};
	int i, ret;

	for (i = 0; i < nr; i++)
		files[i].fd = contexts[i];
	ret = count(operation, ioctl(dmaown, DMAOWN_IOC_TRANSFER, &t));
	sum(&storm->retries, t.retries);
	if (!ret && !(flags & DMAOWN_TRANSFER_DRY_RUN)) {
		sum(&storm->areas, t.areas);
		sum(&storm->adopted, t.adopted);
	}
	return ret ? errno : 0;
}

void list_by_netlink(void)
{
	static __thread struct genl genl = { .sock = -1 };
	static __thread struct genl_answer answer;
	int n = pick(8), ret;

	if (genl.sock < 0 && genl_open(&genl))
		broken("netlink");
	if (!pick(10)) {
		/* Abort the dump: close the socket. */
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

void list_by_debugfs(void)
{
	static const char *const listings[] = { "contexts", "holders",	"ioases", "hwpts",
						"devices",  "accesses", "areas",  "owners" };
	char path[64], *text;

	snprintf(path, sizeof(path), "/sys/kernel/debug/dmaown/%s", listings[pick(8)]);
	text = file_text(path);
	count(DEBUGFS, text ? 0 : -1);
	if (!text)
		bad(path, errno);
	free(text);
}

/* CAST */

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

	for (i = 0; i < seconds * 100 * (int)setting("DMAOWN_SLOW", 1); i++) {
		if (__atomic_load_n(&storm->still_there, __ATOMIC_ACQUIRE) == still_there)
			return true;
		usleep(10000);
	}
	return false;
}

static void set_off(void)
{
	int i;

	storm->still_there = play->nr_cast;
	for (i = 0; i < play->nr_cast; i++) {
		fflush(stdout);
		pids[i] = fork();
		need(pids[i] >= 0, "fork");
		if (!pids[i])
			perform(&play->cast[i]);
		if (i < STORM_PLAYERS)
			storm->players[i] = pids[i];
	}
}

/* Debug kernels are slow. */
static uint64_t transfers_needed(uint64_t seconds)
{
	return 3 + seconds / 10;
}

static uint64_t done_so_far(int deed)
{
	return __atomic_load_n(&storm->done[deed], __ATOMIC_RELAXED);
}

/* Does the storm go on after i seconds? A slow machine has more time for transfers and dry runs. */
static bool goes_on(uint64_t i, uint64_t seconds)
{
	return i < seconds ||
	       (i < seconds * setting("DMAOWN_SLOW", 1) &&
		(done_so_far(TRANSFER) < transfers_needed(seconds) || !done_so_far(DRY_RUN)));
}

static void report(uint64_t seconds)
{
	int i;

	for (i = 0; i < play->nr_names; i++) {
		printf("# %s: %llu, and %llu refused\n", play->names[i],
		       (unsigned long long)storm->done[i], (unsigned long long)storm->failed[i]);
		ok(storm->done[i] > 0 || i == ADOPT, "%s: that is what happened", play->names[i]);
	}
	printf("# %llu retries of transfers, %llu areas moved, %llu adopted, %llu records\n",
	       (unsigned long long)storm->retries, (unsigned long long)storm->areas,
	       (unsigned long long)storm->adopted, (unsigned long long)storm->records);
	ok(storm->done[TRANSFER] >= transfers_needed(seconds), "transfers succeed in the storm");
	ok(storm->areas > 0, "and move something");
	ok(storm->bad == 0, "nothing happened that must not");
}

static void check_counters(const char *before, const char *contexts_before)
{
	char *after = state_text(NULL, 0), *left = contexts_text();
	int i;

	ok(!strcmp(before, after), "areas, owners and users' locked pages are as before");
	if (strcmp(before, after))
		diag("before:\n%s\nafter:\n%s", before, after);
	ok(!strcmp(contexts_before, left), "no context is left, and nobody holds one");
	if (strcmp(contexts_before, left))
		diag("before:\n%s\nafter:\n%s", contexts_before, left);
	free(after);
	free(left);
	for (i = 0; i < play->nr_cast; i++) {
		equal(process_counter(pids[i], "VmPin"), 0, "VmPin is 0 in the end");
		equal(process_counter(pids[i], "VmLck"), 0, "VmLck is 0 in the end");
	}
}

/*
 * Make an area that is not pinned, in a context of its own, so that the listing shows the locked
 * pages of its user. Without iommufd nothing is charged to users.
 */
static void make_witness(void *data)
{
	int context;

	if (access("/dev/iommu", F_OK))
		return;
	context = new_context();
	become_user(*(uid_t *)data);
	map(context, new_ioas(context), map_memory(new_memory(PAGE), PAGE, NULL), PAGE, 0);
}

int storm_test(const struct play *what)
{
	uint64_t seconds = setting("DMAOWN_STORM_SECONDS", 60), i;
	uid_t users[] = { 1001, 1002 };
	char *before, *contexts_before;

	play = what;
	storm = mmap(NULL, sizeof(*storm), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	need(storm != MAP_FAILED, "memory");
	dmaown = open(DMAOWN_DEVICE, O_RDWR);
	need(dmaown >= 0, DMAOWN_DEVICE);
	for (i = 0; i < 2; i++)
		child(make_witness, &users[i]);
	before = state_text(NULL, 0);
	contexts_before = contexts_text();
	memlock_limit(UINT64_MAX);
	play->begin();
	set_off();
	for (i = 0; goes_on(i, seconds); i++) {
		sleep(1);
		need(waitpid(-1, NULL, WNOHANG) <= 0, "a process has ended early");
	}
	__atomic_store_n(&storm->stop, true, __ATOMIC_RELEASE);
	ok(await(0, 300), "everybody comes to an end");
	report(seconds);

	/* The present owners do not matter: closing the files ends all ownership. */
	play->end();
	__atomic_store_n(&storm->close, true, __ATOMIC_RELEASE);
	ok(await(play->nr_cast, 60), "and lets go of everything");
	check_counters(before, contexts_before);
	for (i = 0; i < (uint64_t)play->nr_cast; i++)
		end_child(pids[i]);
	return done_testing();
}

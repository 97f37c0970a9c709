// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/iommufd.h>
#include <linux/vfio.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crowd.h"

#define STACK_SIZE (16ul << 10)
#define MOST_FORKS 64

int crowd_descriptors(uint64_t most)
{
	struct rlimit limit = { most, most };

	return setrlimit(RLIMIT_NOFILE, &limit) ? -errno : 0;
}

int crowd_open(const char *path, uint64_t count)
{
	while (count--)
		if (open(path, O_RDWR) < 0)
			return -errno;
	return 0;
}

int crowd_devices(int group, const char *device, uint64_t count)
{
	while (count--)
		if (ioctl(group, VFIO_GROUP_GET_DEVICE_FD, device) < 0)
			return -errno;
	return 0;
}

int crowd_ioases(int context, uint64_t count, uint32_t *last)
{
	while (count--) {
		struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };

		if (ioctl(context, IOMMU_IOAS_ALLOC, &alloc))
			return -errno;
		*last = alloc.out_ioas_id;
	}
	return 0;
}

static void sleep_for_ever(void)
{
	for (;;)
		pause();
}

/* It uses the thread-local storage of its maker, and so may do no more than this. */
static int idle(void *data)
{
	sleep_for_ever();
	return 0;
}

/*
 * A thread of the C library has thread-local storage, which alone is larger than the rest. All
 * stacks are in one mapping: the process is to have many threads, but few mappings.
 */
int crowd_threads(uint64_t count, bool unshared)
{
	int flags = CLONE_VM | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
		    (unshared ? 0 : CLONE_FILES);
	uint64_t i;
	char *stacks;

	if (!count)
		return 0;
	stacks = mmap(NULL, count * STACK_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (stacks == MAP_FAILED)
		return -errno;
	/* A stack uses one page, not a huge one. It is no error if the kernel has none of these. */
	madvise(stacks, count * STACK_SIZE, MADV_NOHUGEPAGE);
	for (i = 1; i <= count; i++)
		if (clone(idle, stacks + i * STACK_SIZE, flags, NULL) < 0)
			return -errno;
	return 0;
}

static pid_t children[MOST_FORKS];
static unsigned int nr_children;

int crowd_fork(pid_t *pids, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (nr_children == MOST_FORKS)
			return -ENOSPC;
		pids[i] = fork();
		if (pids[i] < 0)
			return -errno;
		if (!pids[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			sleep_for_ever();
		}
		children[nr_children++] = pids[i];
	}
	return 0;
}

struct sharer {
	int shared; /* CLONE_FILES or CLONE_VM */
	uid_t uid;
	int ready; /* 1, or a negative errno */
};

/* It may share its maker's memory, and with it the thread-local storage. */
static int share(void *data)
{
	struct sharer *sharer = data;
	long ret = 0;

	if (sharer->shared != CLONE_FILES)
		ret = syscall(SYS_close_range, 0, ~0U, 0);
	if (!ret)
		ret = syscall(SYS_setresuid, sharer->uid, sharer->uid, sharer->uid);
	if (!ret)
		ret = prctl(PR_SET_PDEATHSIG, SIGKILL);
	__atomic_store_n(&sharer->ready, ret ? -EPERM : 1, __ATOMIC_RELEASE);
	sleep_for_ever();
	return 0;
}

int crowd_share(pid_t *pid, bool files, uid_t uid)
{
	struct sharer *sharer =
		mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (sharer == MAP_FAILED)
		return -errno;
	if (nr_children == MOST_FORKS)
		return -ENOSPC;
	*sharer = (struct sharer){ .shared = files ? CLONE_FILES : CLONE_VM, .uid = uid };
	*pid = clone(share, (char *)sharer + STACK_SIZE, sharer->shared | SIGCHLD, sharer);
	if (*pid < 0)
		return -errno;
	children[nr_children++] = *pid;
	while (!__atomic_load_n(&sharer->ready, __ATOMIC_ACQUIRE))
		usleep(1000);
	return sharer->ready < 0 ? sharer->ready : 0;
}

int crowd_end(void)
{
	while (nr_children) {
		pid_t pid = children[--nr_children];

		if (kill(pid, SIGKILL) || waitpid(pid, NULL, 0) != pid)
			return -errno;
	}
	return 0;
}

/*
 * vfork() is the quickest way to another process: it copies no memory. Its task has an end of its
 * own, and so is an owner of its own.
 */
static int one_owner(int (*map)(void *data, uint64_t i), void *data, uint64_t i)
{
	pid_t pid = vfork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(-map(data, i) & 0xff);
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

int crowd_owners(int (*map)(void *data, uint64_t i), void *data, uint64_t first, uint64_t count)
{
	uint64_t i;
	int ret = 0;

	for (i = first; i < first + count && !ret; i++)
		ret = one_owner(map, data, i);
	return ret;
}

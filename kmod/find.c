// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding contexts: in the open files of processes.
 *
 * A file table is walked under the task's alloc_lock, which keeps it, and its own lock (iterate_fd() in
 * the kernel's fs/file.c). There only files of the two kinds that matter get a reference: one on any
 * other file of the system would delay its owner's close. What can sleep comes afterwards.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "find.h"
#include "iommufd.h"

#define CATCH_ROOM	64

/* A file that is of a context, or of a VFIO device, with a reference on one or the other. */
struct catch {
	unsigned int fd;
	struct iommufd_ctx *ictx;
	struct file *device_file;
};

struct walk {
	struct vfio vfio;
	holding_fn fn;
	void *arg;
	/* What the table walked now has shown, and where to go on if there is more than room. */
	unsigned int next_fd;
	unsigned int nr;
	struct catch catches[CATCH_ROOM];
};

/* Under spinlocks. 0 goes on with the next descriptor. */
static int catch_file(const void *arg, struct file *file, unsigned int fd)
{
	struct walk *walk = (struct walk *)arg;
	struct catch *catch = &walk->catches[walk->nr];

	if (walk->nr == CATCH_ROOM) {
		walk->next_fd = fd;
		return 1;
	}
	catch->fd = fd;
	catch->device_file = NULL;
	catch->ictx = context_of_file(file);
	if (!catch->ictx) {
		if (!vfio_is_device_file(&walk->vfio, file))
			return 0;
		catch->device_file = get_file(file);
	}
	walk->nr++;
	return 0;
}

/* Fills catches[] from next_fd on; true if there may be more. */
static bool catch_files(struct walk *walk, struct task_struct *thread)
{
	bool more;

	walk->nr = 0;
	task_lock(thread);
	more = iterate_fd(thread->files, walk->next_fd, catch_file, walk);
	task_unlock(thread);
	return more;
}

static void let_go(struct catch *catch)
{
	if (catch->ictx)
		context_put(catch->ictx);
	if (catch->device_file)
		fput(catch->device_file);
}

static void resolve(struct catch *catch, struct holding *holding, char *name, size_t size)
{
	struct iommufd_ctx *ictx;

	holding->fd = catch->fd;
	holding->via = catch->device_file ? DMAOWN_VIA_DEVICE : DMAOWN_VIA_CONTEXT;
	holding->busy = false;
	if (catch->device_file) {
		ictx = vfio_context(catch->device_file, name, size);
		holding->device = name;
		holding->busy = ictx == ERR_PTR(-EAGAIN);
		catch->ictx = IS_ERR(ictx) ? NULL : ictx;
	}
	holding->ictx = catch->ictx;
}

static int show_catches(struct walk *walk, struct task_struct *leader)
{
	struct holding holding = { .task = leader };
	unsigned int i;
	char name[64];
	int ret = 0;

	for (i = 0; i < walk->nr; i++) {
		if (!ret) {
			holding.device = NULL;
			resolve(&walk->catches[i], &holding, name, sizeof(name));
			if (holding.ictx || holding.busy)
				ret = walk->fn(&holding, walk->arg);
		}
		let_go(&walk->catches[i]);
	}
	return ret;
}

static int walk_files(struct walk *walk, struct task_struct *leader, struct task_struct *thread)
{
	bool more;
	int ret;

	walk->next_fd = 0;
	do {
		more = catch_files(walk, thread);
		ret = show_catches(walk, leader);
		cond_resched();
	} while (more && !ret);
	return ret;
}

/*
 * The first of the process's threads that has the same file table as this one: the one through which the
 * table is walked. Tables are compared, not used, so they need no lock.
 */
static struct task_struct *first_with_files(struct task_struct *thread)
{
	struct files_struct *files = READ_ONCE(thread->files);
	struct task_struct *other;

	__for_each_thread(thread->signal, other)
		if (READ_ONCE(other->files) == files)
			return other;
	return thread;
}

/*
 * The next thread to visit after prev (NULL: the first), with a reference; drops the one on prev. If prev
 * has exited meanwhile, the rest of the process is left out: it is exiting, or exec'ing and has been
 * seen through the thread that does.
 */
static struct task_struct *next_thread_to_visit(struct task_struct *leader, struct task_struct *prev)
{
	struct task_struct *thread, *found = NULL;
	bool after = !prev;

	rcu_read_lock();
	__for_each_thread(leader->signal, thread) {
		if (after && READ_ONCE(thread->files) && first_with_files(thread) == thread) {
			found = thread;
			get_task_struct(found);
			break;
		}
		if (thread == prev)
			after = true;
	}
	rcu_read_unlock();
	if (prev)
		put_task_struct(prev);
	return found;
}

static int walk_process(struct walk *walk, struct task_struct *leader)
{
	struct task_struct *thread = NULL;
	int ret = 0;

	while ((thread = next_thread_to_visit(leader, thread))) {
		ret = walk_files(walk, leader, thread);
		if (ret) {
			put_task_struct(thread);
			break;
		}
	}
	return ret;
}

static struct walk *walk_begin(holding_fn fn, void *arg)
{
	struct walk *walk = kzalloc(sizeof(*walk), GFP_KERNEL);

	if (!walk)
		return NULL;
	walk->fn = fn;
	walk->arg = arg;
	vfio_begin(&walk->vfio);
	return walk;
}

static void walk_end(struct walk *walk)
{
	vfio_end(&walk->vfio);
	kfree(walk);
}

int find_in_process(struct task_struct *leader, holding_fn fn, void *arg)
{
	struct walk *walk = walk_begin(fn, arg);
	int ret;

	if (!walk)
		return -ENOMEM;
	ret = walk_process(walk, leader);
	walk_end(walk);
	return ret;
}

/* The process with the lowest number from *nr on in the initial namespace; the one after it is next. */
static struct task_struct *next_process(int *nr)
{
	struct task_struct *task = NULL;
	struct pid *pid;

	rcu_read_lock();
	while ((pid = find_ge_pid(*nr, &init_pid_ns))) {
		*nr = pid_nr(pid) + 1;
		task = pid_task(pid, PIDTYPE_TGID);
		if (task) {
			get_task_struct(task);
			break;
		}
	}
	rcu_read_unlock();
	return task;
}

int find_everywhere(holding_fn fn, void *arg)
{
	struct walk *walk = walk_begin(fn, arg);
	struct task_struct *leader;
	int ret = 0;
	int nr = 1;

	if (!walk)
		return -ENOMEM;
	while (!ret && (leader = next_process(&nr))) {
		ret = walk_process(walk, leader);
		put_task_struct(leader);
	}
	walk_end(walk);
	return ret;
}

struct by_fd {
	unsigned int fd;
	struct iommufd_ctx *ictx;
};

static int take_by_fd(const struct holding *holding, void *arg)
{
	struct by_fd *by_fd = arg;

	if (holding->fd != by_fd->fd)
		return 0;
	by_fd->ictx = holding->ictx;
	if (holding->busy)
		by_fd->ictx = ERR_PTR(-EAGAIN);
	else
		context_get(by_fd->ictx);
	return 1;
}

struct iommufd_ctx *find_by_fd(struct task_struct *leader, unsigned int fd)
{
	struct by_fd by_fd = { .fd = fd };
	int ret = find_in_process(leader, take_by_fd, &by_fd);

	return ret < 0 ? ERR_PTR(ret) : by_fd.ictx;
}

/* The same for a descriptor of the calling thread. */
struct iommufd_ctx *find_by_own_fd(unsigned int fd)
{
	struct iommufd_ctx *ictx;
	struct vfio vfio;
	char name[64];
	struct file *file;

	file = fget(fd);
	if (!file)
		return NULL;
	ictx = context_of_file(file);
	if (!ictx && vfio_begin(&vfio)) {
		if (vfio_is_device_file(&vfio, file))
			ictx = vfio_context(file, name, sizeof(name));
		vfio_end(&vfio);
	}
	fput(file);
	return ictx;
}

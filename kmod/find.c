// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding contexts: in the open files of processes.
 *
 * A file table is walked under the task's alloc_lock, which keeps it, and its own lock
 * (iterate_fd() in the kernel's fs/file.c). There only files that matter get a
 * reference: one on any other file of the system would delay its owner's close. What can sleep
 * comes afterwards.
 */
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
#include "ptrset.h"
#include "vfio.h"

#define CATCH_ROOM	64

/* How many open descriptors are looked at in one go, under the table's lock. */
#define FD_STEPS	4096

/* How often a process is asked for file tables that it did not have before. */
#define ROUNDS		4

/* How often another thread is looked for that has a table, for each process. */
#define SEARCHES	64

/* A file that is of a context, or one of VFIO's, with a reference on one or the other. */
struct catch {
	unsigned int fd;
	const struct file *file;	/* only to be compared */
	struct context ctx;
	enum dmaown_via via;
	struct file *vfio_file;
};

/* What is loaded, as far as it has been looked for: files of the rest are none that matter. */
struct subsystems {
	struct iommufd iommufd;
	struct vfio vfio;
};

struct walk {
	struct subsystems subsystems;
	holding_fn fn;
	void *arg;
	bool one;			/* look at next_fd only */
	/*
	 * The file tables of the process at hand: only to be compared, but for the threads, on
	 * which there are references.
	 */
	struct table {
		const struct files_struct *files;
		struct task_struct *thread;	/* one that had it */
	} *tables;
	unsigned int tables_nr;
	unsigned int tables_room;
	struct ptrset seen;		/* the same tables */
	unsigned int searches;		/* left */

	/* What the table walked now has shown, and where to go on. */
	unsigned int next_fd;
	unsigned int steps;
	unsigned int nr;
	struct catch catches[CATCH_ROOM];
};

static struct context context_of_file(const struct subsystems *subsystems, struct file *file)
{
	struct context ctx = iommufd_context(&subsystems->iommufd, file);

	return ctx.self ? ctx : vfio_container(&subsystems->vfio, file);
}

/* Under spinlocks. True if it is a file that matters: then there is a reference in catch. */
static bool catch_one(const struct subsystems *subsystems, struct file *file, struct catch *catch)
{
	catch->via = DMAOWN_VIA_CONTEXT;
	catch->vfio_file = NULL;
	catch->ctx = context_of_file(subsystems, file);
	if (catch->ctx.self)
		return true;
	if (!vfio_file_via(&subsystems->vfio, file, &catch->via))
		return false;
	catch->vfio_file = get_file(file);
	return true;
}

/* Under spinlocks. 0 goes on with the next descriptor. */
static int catch_file(const void *arg, struct file *file, unsigned int fd)
{
	struct walk *walk = (struct walk *)arg;
	struct catch *catch = &walk->catches[walk->nr];

	if (walk->one && fd != walk->next_fd)
		return 1;
	if (walk->nr == CATCH_ROOM || !walk->steps--) {
		walk->next_fd = fd;
		return 1;
	}
	catch->fd = fd;
	catch->file = file;
	walk->nr += catch_one(&walk->subsystems, file, catch);
	return 0;
}

/*
 * Fills catches[] from next_fd on, if the thread still has that file table. True if there may be
 * more.
 */
static bool catch_files(struct walk *walk, struct task_struct *thread,
			const struct files_struct *files)
{
	bool more = true;

	walk->nr = 0;
	walk->steps = FD_STEPS;
	task_lock(thread);
	/* Else it has just left it, and another thread may have it still. */
	if (thread->files == files)
		more = iterate_fd(thread->files, walk->next_fd, catch_file, walk) && !walk->one;
	task_unlock(thread);
	return more;
}

static void let_go(struct catch *catch)
{
	if (catch->ctx.self)
		context_put(catch->ctx);
	if (catch->vfio_file)
		fput(catch->vfio_file);
}

/*
 * What a file holds, if anything: -ENOENT if not. -EAGAIN: something is locked, so that it cannot
 * be told, or whether it is in use.
 */
static int find_context(const struct subsystems *subsystems, struct catch *catch, char *name,
			size_t size)
{
	int ret = 0;

	if (catch->vfio_file)
		ret = vfio_context(&subsystems->vfio, catch->vfio_file, catch->via, &catch->ctx,
				   name, size);
	if (!ret && catch->ctx.self)
		ret = context_present(catch->ctx);
	return ret;
}

/* 1: there is something to show, as far as it is known. */
static int resolve(const struct walk *walk, struct catch *catch, struct holding *holding,
		   char *name, size_t size)
{
	int ret = find_context(&walk->subsystems, catch, name, size);

	holding->fd = catch->fd;
	holding->file = catch->file;
	holding->via = catch->via;
	holding->device = catch->vfio_file ? name : NULL;
	holding->busy = ret == -EAGAIN;
	holding->ctx = ret && !holding->busy ? (struct context){} : catch->ctx;
	holding->maybe = NULL;
	if (holding->busy && !holding->ctx.self)
		holding->maybe = vfio_context_hint(catch->vfio_file, catch->via);
	if (ret == -ENOMEM)
		return ret;
	return holding->busy || holding->ctx.self;
}

static int show_catches(struct walk *walk, struct task_struct *leader)
{
	struct holding holding = { .task = leader };
	unsigned int i;
	char name[64];
	int ret = 0;

	for (i = 0; i < walk->nr; i++) {
		if (!ret) {
			ret = resolve(walk, &walk->catches[i], &holding, name, sizeof(name));
			if (ret > 0)
				ret = walk->fn(&holding, walk->arg);
		}
		let_go(&walk->catches[i]);
	}
	return ret;
}

/* Another thread of the process that has this file table, with a reference. */
static struct task_struct *thread_with(struct task_struct *leader, const struct files_struct *files)
{
	struct task_struct *thread, *found = NULL;

	rcu_read_lock();
	__for_each_thread(leader->signal, thread) {
		if (READ_ONCE(thread->files) == files) {
			found = thread;
			get_task_struct(found);
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

/* Makes sure that the table's thread has it; false: it is gone, or changes hands too often. */
static bool refresh(struct walk *walk, struct task_struct *leader, struct table *table)
{
	struct task_struct *other;

	if (READ_ONCE(table->thread->files) == table->files)
		return true;
	/* Each search asks all threads. */
	if (!walk->searches)
		return false;
	walk->searches--;
	other = thread_with(leader, table->files);
	if (!other)
		return false;
	put_task_struct(table->thread);
	table->thread = other;
	return true;
}

/* Through whichever thread has the table: one may exit while the others go on. */
static int walk_table(struct walk *walk, struct task_struct *leader, struct table *table)
{
	bool more = true;
	int ret = 0;

	while (more && !ret && refresh(walk, leader, table)) {
		more = catch_files(walk, table->thread, table->files);
		ret = show_catches(walk, leader);
		if (fatal_signal_pending(current))
			ret = ret ?: -EINTR;
		cond_resched();
	}
	return ret;
}

static int room_for_tables(struct walk *walk, unsigned int nr)
{
	struct table *tables;

	if (nr <= walk->tables_room)
		return 0;
	if (nr > INT_MAX / sizeof(*tables) || ptrset_reserve(&walk->seen, nr))
		return -ENOMEM;
	tables = kvrealloc(walk->tables, nr * sizeof(*tables), GFP_KERNEL);
	if (!tables)
		return -ENOMEM;
	walk->tables = tables;
	walk->tables_room = nr;
	return 0;
}

/* Adds the tables that are not there yet, as far as there is room; returns how many there are. */
static unsigned int add_tables(struct walk *walk, struct task_struct *leader)
{
	const struct files_struct *files;
	struct task_struct *thread;
	unsigned int nr = walk->tables_nr;

	rcu_read_lock();
	__for_each_thread(leader->signal, thread) {
		files = READ_ONCE(thread->files);
		if (!files || ptrset_count(&walk->seen, files))
			continue;
		if (nr++ >= walk->tables_room)
			continue;
		ptrset_add(&walk->seen, files);
		get_task_struct(thread);
		walk->tables[walk->tables_nr++] = (struct table){ files, thread };
	}
	rcu_read_unlock();
	return nr;
}

static void forget_tables(struct walk *walk)
{
	while (walk->tables_nr)
		put_task_struct(walk->tables[--walk->tables_nr].thread);
	ptrset_renew(&walk->seen);
	walk->tables_room = min(walk->tables_room, ptrset_room(&walk->seen));
}

/*
 * Mostly all threads share one table. Room is doubled, so that threads that come meanwhile do not
 * keep us.
 */
static int collect_tables(struct walk *walk, struct task_struct *leader)
{
	unsigned int nr = 1;
	int ret;

	do {
		ret = room_for_tables(walk, nr);
		if (ret)
			return ret;
		nr = add_tables(walk, leader) > walk->tables_nr ? walk->tables_room * 2 : 0;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	} while (nr);
	return 0;
}

/* A table that came while others were walked is walked as well, unless they never cease to come. */
static int walk_process(struct walk *walk, struct task_struct *leader)
{
	unsigned int fd = walk->next_fd;
	unsigned int rounds, i = 0;
	int ret = 0;

	walk->searches = SEARCHES;
	for (rounds = 0; rounds < ROUNDS && !ret; rounds++) {
		ret = collect_tables(walk, leader);
		if (i == walk->tables_nr)
			break;
		for (; i < walk->tables_nr && !ret; i++) {
			walk->next_fd = fd;
			ret = walk_table(walk, leader, &walk->tables[i]);
			if (fatal_signal_pending(current))
				ret = ret ?: -EINTR;
			cond_resched();
		}
	}
	forget_tables(walk);
	walk->next_fd = fd;
	return ret;
}

/* What is not loaded has no files; but it must not seem so for want of memory. */
static int with_iommufd(struct subsystems *subsystems)
{
	return iommufd_begin(&subsystems->iommufd) == -ENOMEM ? -ENOMEM : 0;
}

static int with_vfio(struct subsystems *subsystems)
{
	return vfio_begin(&subsystems->vfio) == -ENOMEM ? -ENOMEM : 0;
}

static void without(struct subsystems *subsystems)
{
	vfio_end(&subsystems->vfio);
	iommufd_end(&subsystems->iommufd);
}

static void walk_end(struct walk *walk)
{
	without(&walk->subsystems);
	ptrset_free(&walk->seen);
	kvfree(walk->tables);
	kfree(walk);
}

static struct walk *walk_begin(holding_fn fn, void *arg)
{
	struct walk *walk = kzalloc(sizeof(*walk), GFP_KERNEL);

	if (!walk)
		return NULL;
	walk->fn = fn;
	walk->arg = arg;
	ptrset_init(&walk->seen);
	if (with_iommufd(&walk->subsystems)) {
		walk_end(walk);
		return NULL;
	}
	return walk;
}

int find_in_process(struct task_struct *leader, holding_fn fn, void *arg)
{
	struct walk *walk = walk_begin(fn, arg);
	int ret;

	if (!walk)
		return -ENOMEM;
	ret = with_vfio(&walk->subsystems);
	if (!ret)
		ret = walk_process(walk, leader);
	walk_end(walk);
	return ret;
}

/*
 * The process with the lowest number from *nr on in the initial namespace; the one after it is
 * next. Kernel threads are none: the table that they share has no file.
 */
static struct task_struct *next_process(int *nr)
{
	struct task_struct *task = NULL;
	struct pid *pid;

	rcu_read_lock();
	while ((pid = find_ge_pid(*nr, &init_pid_ns))) {
		*nr = pid_nr(pid) + 1;
		task = pid_task(pid, PIDTYPE_TGID);
		if (task && !(READ_ONCE(task->flags) & PF_KTHREAD)) {
			get_task_struct(task);
			break;
		}
		task = NULL;
	}
	rcu_read_unlock();
	return task;
}

int find_everywhere(holding_fn fn, void *arg)
{
	struct walk *walk = walk_begin(fn, arg);
	struct task_struct *leader;
	int ret;
	int nr = 1;

	if (!walk)
		return -ENOMEM;
	ret = with_vfio(&walk->subsystems);
	while (!ret && (leader = next_process(&nr))) {
		ret = walk_process(walk, leader);
		put_task_struct(leader);
	}
	walk_end(walk);
	return ret;
}

struct wanted {
	u64 id;
	struct context *ctx;
};

static int take(const struct holding *holding, void *arg)
{
	struct wanted *wanted = arg;

	if (wanted->id && holding->ctx.self && context_id(holding->ctx) != wanted->id)
		return 0;
	if (holding->busy)
		return -EAGAIN;
	context_get(holding->ctx);
	*wanted->ctx = holding->ctx;
	return 1;
}

int find_by_fd(struct task_struct *leader, unsigned int fd, u64 id, struct context *ctx)
{
	struct wanted wanted = { .id = id, .ctx = ctx };
	struct walk *walk;
	int ret;

	*ctx = (struct context){};
	walk = walk_begin(take, &wanted);
	if (!walk)
		return -ENOMEM;
	walk->one = true;
	walk->next_fd = fd;
	ret = walk_process(walk, leader);
	/* VFIO is looked up only if it matters: mostly it is a context. */
	if (!ret)
		ret = with_vfio(&walk->subsystems) ?: walk_process(walk, leader);
	walk_end(walk);
	return min(ret, 0);
}

/* Whatever holds it, as catch does, is let go by the caller. */
static int find_by_file(struct subsystems *subsystems, struct file *file, struct catch *catch)
{
	char name[64];
	int ret;

	ret = with_iommufd(subsystems);
	/* VFIO is looked up only if it matters: mostly it is a context. */
	if (ret || catch_one(subsystems, file, catch))
		return ret;
	ret = with_vfio(subsystems);
	if (!ret && catch_one(subsystems, file, catch))
		ret = find_context(subsystems, catch, name, sizeof(name));
	return ret;
}

int find_by_own_fd(unsigned int fd, struct context *ctx)
{
	struct subsystems subsystems = {};
	struct file *file = fget(fd);
	struct catch catch = {};
	int ret;

	*ctx = (struct context){};
	if (!file)
		return 0;
	ret = find_by_file(&subsystems, file, &catch);
	without(&subsystems);
	fput(file);
	if (!ret && catch.ctx.self) {
		*ctx = catch.ctx;
		context_get(*ctx);
	}
	let_go(&catch);
	return ret == -ENOENT ? 0 : ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walk file tables.
 *
 * A file table is walked under the alloc_lock of the task, which keeps the table, and under the
 * table's own lock (kernel: fs/file.c, iterate_fd()). There only files that belong to a kind of
 * context get a reference: a reference on any other file would delay its close. Operations that can
 * sleep come after the walk.
 *
 * A known gap: a long table is walked in steps, and between two of them it is not locked. A process
 * with so many files can move a descriptor from the part that is still to come to the part that is
 * done, so that the file is not found. Nothing tells: the kernel counts no changes of a table, and
 * dup2() leaves next_fd as it is. For files of devices this is no gap, because VFIO's own counts
 * show that one was not found (transfer/devices.c). The count of references on a context's file
 * would not show it: devices, accesses, queues and each call in progress have one, too; and a
 * container does not know its file.
 */
#include <linux/fdtable.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "walk.h"

/* Descriptors that are inspected under the table's lock at a time */
#define FD_STEPS 4096

/* Times that a process is checked for new file tables */
#define ROUNDS 4

/* Searches for another thread with a file table, per process */
#define SEARCHES 64

/* Called under spinlocks. Return: 0 to continue with the next descriptor. */
static int tables_collect_file(const void *arg, struct file *file, unsigned int fd)
{
	struct walk *walk = (struct walk *)arg;
	struct candidate *candidate = &walk->candidates[walk->nr];

	if (walk->one && fd != walk->next_fd)
		return 1;
	if (walk->nr == CANDIDATES_ROOM || !walk->steps--) {
		walk->next_fd = fd;
		return 1;
	}
	candidate->fd = fd;
	candidate->addr = 0;
	walk->nr += dmaown_walk_take(walk, file, candidate);
	return 0;
}

/*
 * Fill candidates[] from next_fd on, if the thread still has the file table. Return: true if there
 * may be more.
 */
static bool tables_collect(struct walk *walk, struct task_struct *thread,
			   const struct files_struct *files)
{
	bool more = true;

	walk->nr = 0;
	walk->steps = FD_STEPS;
	task_lock(thread);
	/* Otherwise the thread has dropped the table; another thread may still have it. */
	if (thread->files == files)
		more = iterate_fd(thread->files, walk->next_fd, tables_collect_file, walk) &&
		       !walk->one;
	task_unlock(thread);
	return more;
}

/*
 * Find a thread of the process that has this file table. Return: the thread with a reference, or
 * NULL.
 */
static struct task_struct *tables_find_thread(struct task_struct *leader,
					      const struct files_struct *files)
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

/*
 * Make sure that the thread of a table still has it, or replace the thread. Return: false if no
 * thread has the table, or if it changes threads too often.
 */
static bool tables_refresh(struct walk *walk, struct task_struct *leader, struct table *table)
{
	struct task_struct *other;

	if (READ_ONCE(table->thread->files) == table->files)
		return true;
	/* Each search visits all threads. */
	if (!walk->searches) {
		walk->cut = true;
		return false;
	}
	walk->searches--;
	other = tables_find_thread(leader, table->files);
	if (!other)
		return false;
	put_task_struct(table->thread);
	table->thread = other;
	return true;
}

/* Walk a table through any thread that has it: a thread may exit while others run on. */
static int tables_walk(struct walk *walk, struct task_struct *leader, struct table *table)
{
	bool more = true;
	int ret = 0;

	while (more && !ret && tables_refresh(walk, leader, table)) {
		more = tables_collect(walk, table->thread, table->files);
		ret = dmaown_walk_show(walk, leader);
		if (fatal_signal_pending(current))
			ret = ret ?: -EINTR;
		cond_resched();
	}
	return ret;
}

static int tables_make_room(struct walk *walk, unsigned int nr)
{
	struct table *tables;

	if (nr <= walk->tables_room)
		return 0;
	if (nr > INT_MAX / sizeof(*tables) || dmaown_ptrset_reserve(&walk->seen, nr))
		return -ENOMEM;
	tables = kvrealloc(walk->tables, nr * sizeof(*tables), GFP_KERNEL);
	if (!tables)
		return -ENOMEM;
	walk->tables = tables;
	walk->tables_room = nr;
	return 0;
}

/*
 * Add the tables that are not in tables[] yet, as far as there is room. Return: the number of all
 * tables.
 */
static unsigned int tables_add(struct walk *walk, struct task_struct *leader)
{
	const struct files_struct *files;
	struct task_struct *thread;
	unsigned int nr = walk->tables_nr;

	rcu_read_lock();
	__for_each_thread(leader->signal, thread) {
		files = READ_ONCE(thread->files);
		if (!files || dmaown_ptrset_count(&walk->seen, files))
			continue;
		if (nr++ >= walk->tables_room)
			continue;
		dmaown_ptrset_add(&walk->seen, files);
		get_task_struct(thread);
		walk->tables[walk->tables_nr++] = (struct table){ files, thread };
	}
	rcu_read_unlock();
	return nr;
}

static void tables_forget(struct walk *walk)
{
	while (walk->tables_nr)
		put_task_struct(walk->tables[--walk->tables_nr].thread);
	dmaown_ptrset_renew(&walk->seen);
	walk->tables_room = min(walk->tables_room, dmaown_ptrset_room(&walk->seen));
}

/*
 * Most processes have one table for all threads. Double the room each time, so that new threads
 * cannot keep the loop running.
 */
static int tables_find(struct walk *walk, struct task_struct *leader)
{
	unsigned int nr = 1;
	int ret;

	do {
		ret = tables_make_room(walk, nr);
		if (ret)
			return ret;
		nr = tables_add(walk, leader) > walk->tables_nr ? walk->tables_room * 2 : 0;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	} while (nr);
	return 0;
}

/*
 * Walk the leader's table, which is the only one of a process without other threads, as long as the
 * leader has it. *only: it was the only one all the time. Return: the last value of fn, or an
 * error.
 */
static int tables_walk_leaders(struct walk *walk, struct task_struct *leader, bool *only)
{
	const struct files_struct *files = READ_ONCE(leader->files);
	bool more = files;
	int ret = 0;

	*only = files && thread_group_empty(leader);
	while (more && !ret && READ_ONCE(leader->files) == files) {
		more = tables_collect(walk, leader, files);
		ret = dmaown_walk_show(walk, leader);
		if (fatal_signal_pending(current))
			ret = ret ?: -EINTR;
		cond_resched();
	}
	*only = *only && thread_group_empty(leader) && READ_ONCE(leader->files) == files;
	return ret;
}

/*
 * Walk all tables, including those that are created meanwhile, for at most ROUNDS rounds. If the
 * last round still found a new one, there may be more.
 */
static int tables_walk_all(struct walk *walk, struct task_struct *leader)
{
	unsigned int fd = walk->next_fd;
	unsigned int rounds, i = 0;
	int ret = 0;

	walk->searches = SEARCHES;
	walk->cut = false;
	for (rounds = 0; rounds < ROUNDS && !ret; rounds++) {
		ret = tables_find(walk, leader);
		if (i == walk->tables_nr)
			break;
		for (; i < walk->tables_nr && !ret; i++) {
			walk->next_fd = fd;
			ret = tables_walk(walk, leader, &walk->tables[i]);
			if (fatal_signal_pending(current))
				ret = ret ?: -EINTR;
			cond_resched();
		}
	}
	tables_forget(walk);
	walk->next_fd = fd;
	if (!ret && (walk->cut || rounds == ROUNDS))
		ret = dmaown_walk_show_incomplete(walk, leader);
	return ret;
}

/* Most processes have one table for all threads: look for one descriptor in the leader's first. */
int dmaown_walk_tables(struct walk *walk, struct task_struct *leader)
{
	unsigned int fd = walk->next_fd;
	bool only = false;
	int ret = 0;

	if (walk->one || thread_group_empty(leader))
		ret = tables_walk_leaders(walk, leader, &only);
	walk->next_fd = fd;
	return ret || only ? ret : tables_walk_all(walk, leader);
}

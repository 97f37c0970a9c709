// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find contexts in the open files of processes.
 *
 * A file table is walked under the alloc_lock of the task, which keeps the table, and under the
 * table's own lock (kernel: fs/file.c, iterate_fd()). There only files that belong to a kind of
 * context get a reference: a reference on any other file would delay its close. Operations that can
 * sleep come after the walk.
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
#include "kinds.h"
#include "ptrset.h"

#define CANDIDATES_ROOM 64

/* Descriptors that are inspected under the table's lock at a time */
#define FD_STEPS 4096

/* Times that a process is checked for new file tables */
#define ROUNDS 4

/* Searches for another thread with a file table, per process */
#define SEARCHES 64

/* A file that belongs to a kind of context. */
struct candidate {
	unsigned int fd;
	const struct file *file;  /* only to be compared */
	unsigned int kind;	  /* index in dmaown_kinds[] */
	struct kind_file found;	  /* with a reference on the context, if it has one */
	struct file *device_file; /* with a reference, if found.indirect; else NULL */
};

/* The kinds whose code has been looked up. Files of other kinds are ignored. */
struct kinds_in_use {
	struct kind_use uses[KINDS_NR];
	unsigned int nr; /* kinds looked up, in the order of dmaown_kinds[] */
};

/* A file table of the process that is walked. */
struct table {
	const struct files_struct *files; /* only to be compared */
	struct task_struct *thread;	  /* a thread that had the table, with a reference */
};

struct walk {
	struct kinds_in_use kinds;
	holding_fn fn;
	void *arg;
	bool one; /* inspect next_fd only */
	struct table *tables;
	unsigned int tables_nr;
	unsigned int tables_room;
	struct ptrset seen;    /* the tables in tables[] */
	unsigned int searches; /* searches left */

	/* The files found in the current table, and where to continue. */
	unsigned int next_fd;
	unsigned int steps;
	unsigned int nr;
	struct candidate candidates[CANDIDATES_ROOM];
};

/*
 * Take a reference on the context of a file, or on the file if it is indirect. Called under
 * spinlocks. Return: true if the file belongs to a kind.
 */
static bool find_take_candidate(const struct kinds_in_use *kinds, struct file *file,
				struct candidate *candidate)
{
	unsigned int i;

	candidate->found = (struct kind_file){ .via = DMAOWN_VIA_CONTEXT };
	candidate->device_file = NULL;
	for (i = 0; i < kinds->nr; i++) {
		if (!kinds->uses[i].loaded ||
		    !dmaown_kinds[i]->recognize(&kinds->uses[i], file, &candidate->found))
			continue;
		candidate->kind = i;
		if (candidate->found.indirect)
			candidate->device_file = get_file(file);
		return true;
	}
	return false;
}

/* Called under spinlocks. Return: 0 to continue with the next descriptor. */
static int find_collect_file(const void *arg, struct file *file, unsigned int fd)
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
	candidate->file = file;
	walk->nr += find_take_candidate(&walk->kinds, file, candidate);
	return 0;
}

/*
 * Fill candidates[] from next_fd on, if the thread still has the file table. Return: true if there
 * may be more.
 */
static bool find_collect_files(struct walk *walk, struct task_struct *thread,
			       const struct files_struct *files)
{
	bool more = true;

	walk->nr = 0;
	walk->steps = FD_STEPS;
	task_lock(thread);
	/* Otherwise the thread has dropped the table; another thread may still have it. */
	if (thread->files == files)
		more = iterate_fd(thread->files, walk->next_fd, find_collect_file, walk) &&
		       !walk->one;
	task_unlock(thread);
	return more;
}

static void find_put_candidate(struct candidate *candidate)
{
	if (candidate->found.ctx.self)
		dmaown_context_put(candidate->found.ctx);
	if (candidate->device_file)
		fput(candidate->device_file);
}

/*
 * Get the context that a file holds. Return: 0, also if it holds none; -ENOENT if the context is
 * not in use; -EAGAIN if a lock is held, so that the context or its state is unknown; -ENOEXEC if
 * the module has no layout for it; or -ENOMEM.
 */
static int find_candidate_context(const struct kinds_in_use *kinds, struct candidate *candidate,
				  char *name, size_t size)
{
	struct kind_file *found = &candidate->found;
	int ret = found->unseen ? -ENOEXEC : 0;

	if (found->indirect)
		ret = dmaown_kinds[candidate->kind]->resolve(&kinds->uses[candidate->kind],
							     candidate->device_file, found->via,
							     &found->ctx, name, size);
	if (!ret && found->ctx.self)
		ret = dmaown_context_live(found->ctx);
	return ret;
}

/*
 * Fill a holding from a candidate. Return: 1 if there is a holding to show, 0 if not, or -ENOMEM.
 */
static int find_resolve(const struct walk *walk, struct candidate *candidate,
			struct holding *holding, char *name, size_t size)
{
	int ret = find_candidate_context(&walk->kinds, candidate, name, size);

	holding->fd = candidate->fd;
	holding->file = candidate->file;
	holding->via = candidate->found.via;
	holding->device = candidate->device_file ? name : NULL;
	holding->device_file = candidate->device_file;
	holding->busy = ret == -EAGAIN;
	holding->unseen = ret == -ENOEXEC;
	holding->ctx = ret && !holding->busy ? (struct context){} : candidate->found.ctx;
	holding->maybe = NULL;
	if (holding->busy && !holding->ctx.self)
		holding->maybe = dmaown_kinds[candidate->kind]->hint(candidate->device_file,
								     candidate->found.via);
	if (ret == -ENOMEM)
		return ret;
	return holding->busy || holding->unseen || holding->ctx.self;
}

static int find_show_candidates(struct walk *walk, struct task_struct *leader)
{
	struct holding holding = { .task = leader };
	unsigned int i;
	char name[64];
	int ret = 0;

	for (i = 0; i < walk->nr; i++) {
		if (!ret) {
			ret = find_resolve(walk, &walk->candidates[i], &holding, name,
					   sizeof(name));
			if (ret > 0)
				ret = walk->fn(&holding, walk->arg);
		}
		find_put_candidate(&walk->candidates[i]);
	}
	return ret;
}

/*
 * Find a thread of the process that has this file table. Return: the thread with a reference, or
 * NULL.
 */
static struct task_struct *find_thread_with(struct task_struct *leader,
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
static bool find_refresh_table(struct walk *walk, struct task_struct *leader, struct table *table)
{
	struct task_struct *other;

	if (READ_ONCE(table->thread->files) == table->files)
		return true;
	/* Each search visits all threads. */
	if (!walk->searches)
		return false;
	walk->searches--;
	other = find_thread_with(leader, table->files);
	if (!other)
		return false;
	put_task_struct(table->thread);
	table->thread = other;
	return true;
}

/* Walk a table through any thread that has it: a thread may exit while others run on. */
static int find_walk_table(struct walk *walk, struct task_struct *leader, struct table *table)
{
	bool more = true;
	int ret = 0;

	while (more && !ret && find_refresh_table(walk, leader, table)) {
		more = find_collect_files(walk, table->thread, table->files);
		ret = find_show_candidates(walk, leader);
		if (fatal_signal_pending(current))
			ret = ret ?: -EINTR;
		cond_resched();
	}
	return ret;
}

static int find_room_for_tables(struct walk *walk, unsigned int nr)
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
static unsigned int find_add_tables(struct walk *walk, struct task_struct *leader)
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

static void find_forget_tables(struct walk *walk)
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
static int find_collect_tables(struct walk *walk, struct task_struct *leader)
{
	unsigned int nr = 1;
	int ret;

	do {
		ret = find_room_for_tables(walk, nr);
		if (ret)
			return ret;
		nr = find_add_tables(walk, leader) > walk->tables_nr ? walk->tables_room * 2 : 0;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	} while (nr);
	return 0;
}

/* Walk all tables, including those that are created meanwhile, for at most ROUNDS rounds. */
static int find_walk_process(struct walk *walk, struct task_struct *leader)
{
	unsigned int fd = walk->next_fd;
	unsigned int rounds, i = 0;
	int ret = 0;

	walk->searches = SEARCHES;
	for (rounds = 0; rounds < ROUNDS && !ret; rounds++) {
		ret = find_collect_tables(walk, leader);
		if (i == walk->tables_nr)
			break;
		for (; i < walk->tables_nr && !ret; i++) {
			walk->next_fd = fd;
			ret = find_walk_table(walk, leader, &walk->tables[i]);
			if (fatal_signal_pending(current))
				ret = ret ?: -EINTR;
			cond_resched();
		}
	}
	find_forget_tables(walk);
	walk->next_fd = fd;
	return ret;
}

/* Look up the code of the next kind. Return: 0, also if it is not loaded, or -ENOMEM. */
static int find_use_next(struct kinds_in_use *kinds)
{
	int ret = dmaown_kind_begin(kinds->nr, &kinds->uses[kinds->nr]);

	if (!ret)
		kinds->nr++;
	return ret;
}

static int find_use_all(struct kinds_in_use *kinds)
{
	int ret = 0;

	while (!ret && kinds->nr < KINDS_NR)
		ret = find_use_next(kinds);
	return ret;
}

static void find_use_none(struct kinds_in_use *kinds)
{
	while (kinds->nr) {
		kinds->nr--;
		dmaown_kinds[kinds->nr]->end(&kinds->uses[kinds->nr]);
	}
}

/* Is a kind with indirect files loaded, and not proven? Its files may hold contexts of any kind. */
static bool find_files_unseen(const struct kinds_in_use *kinds)
{
	unsigned int i;

	for (i = 0; i < kinds->nr; i++)
		if (dmaown_kinds[i]->resolve && kinds->uses[i].loaded && !kinds->uses[i].proven)
			return true;
	return false;
}

static void find_walk_end(struct walk *walk)
{
	find_use_none(&walk->kinds);
	dmaown_ptrset_free(&walk->seen);
	kvfree(walk->tables);
	kfree(walk);
}

static struct walk *find_walk_begin(holding_fn fn, void *arg)
{
	struct walk *walk = kzalloc(sizeof(*walk), GFP_KERNEL);

	if (!walk)
		return NULL;
	walk->fn = fn;
	walk->arg = arg;
	dmaown_ptrset_init(&walk->seen);
	if (find_use_next(&walk->kinds)) {
		find_walk_end(walk);
		return NULL;
	}
	return walk;
}

int dmaown_find_in_process(struct task_struct *leader, holding_fn fn, void *arg)
{
	struct walk *walk = find_walk_begin(fn, arg);
	int ret;

	if (!walk)
		return -ENOMEM;
	ret = find_use_all(&walk->kinds);
	if (!ret)
		ret = find_walk_process(walk, leader);
	find_walk_end(walk);
	return ret;
}

/*
 * Get the process with the lowest PID from *nr on in the initial namespace, and move *nr after it.
 * Kernel threads are skipped: their table has no files. Return: the group leader with a reference,
 * or NULL.
 */
static struct task_struct *find_next_process(int *nr)
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

int dmaown_find_everywhere(holding_fn fn, void *arg, bool *vfio_unseen)
{
	struct walk *walk = find_walk_begin(fn, arg);
	struct task_struct *leader;
	int ret;
	int nr = 1;

	if (!walk)
		return -ENOMEM;
	ret = find_use_all(&walk->kinds);
	*vfio_unseen = find_files_unseen(&walk->kinds);
	while (!ret && (leader = find_next_process(&nr))) {
		ret = find_walk_process(walk, leader);
		put_task_struct(leader);
	}
	find_walk_end(walk);
	return ret;
}

struct fd_search {
	u64 id;
	struct context *ctx;
};

static int find_take_match(const struct holding *holding, void *arg)
{
	struct fd_search *search = arg;

	if (search->id && holding->ctx.self && dmaown_context_id(holding->ctx) != search->id)
		return 0;
	/* The ID is of a context for which the module has a layout, so this is another context. */
	if (holding->unseen)
		return search->id ? 0 : -ENOEXEC;
	if (holding->busy)
		return -EAGAIN;
	dmaown_context_get(holding->ctx);
	*search->ctx = holding->ctx;
	return 1;
}

int dmaown_find_by_fd(struct task_struct *leader, unsigned int fd, u64 id, struct context *ctx)
{
	struct fd_search search = { .id = id, .ctx = ctx };
	struct walk *walk;
	int ret;

	*ctx = (struct context){};
	walk = find_walk_begin(find_take_match, &search);
	if (!walk)
		return -ENOMEM;
	walk->one = true;
	walk->next_fd = fd;
	/* Look up one kind after the other: most files are contexts of the first. */
	ret = find_walk_process(walk, leader);
	while (!ret && walk->kinds.nr < KINDS_NR)
		ret = find_use_next(&walk->kinds) ?: find_walk_process(walk, leader);
	find_walk_end(walk);
	return min(ret, 0);
}

/* The caller calls find_put_candidate() and find_use_none(), also after an error. */
static int find_by_file(struct kinds_in_use *kinds, struct file *file, struct candidate *candidate)
{
	bool taken = false;
	char name[64];
	int ret;

	/* Look up one kind after the other: most files are contexts of the first. */
	while (!taken && kinds->nr < KINDS_NR) {
		ret = find_use_next(kinds);
		if (ret)
			return ret;
		taken = find_take_candidate(kinds, file, candidate);
	}
	return taken ? find_candidate_context(kinds, candidate, name, sizeof(name)) : 0;
}

int dmaown_find_by_own_fd(unsigned int fd, struct context *ctx)
{
	struct kinds_in_use kinds = {};
	struct file *file = fget(fd);
	struct candidate candidate = {};
	int ret;

	*ctx = (struct context){};
	if (!file)
		return 0;
	ret = find_by_file(&kinds, file, &candidate);
	find_use_none(&kinds);
	fput(file);
	if (!ret && candidate.found.ctx.self) {
		*ctx = candidate.found.ctx;
		dmaown_context_get(*ctx);
	}
	find_put_candidate(&candidate);
	return ret == -ENOENT ? 0 : ret;
}

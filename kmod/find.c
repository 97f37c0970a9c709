// SPDX-License-Identifier: GPL-2.0-only
/* Find contexts in the files of processes: see walk.h. */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/string.h>

#include "find.h"
#include "fput.h"
#include "process.h"
#include "walk.h"

/* PIDs that are visited under RCU at a time: those of threads are among them */
#define PID_STEPS 1024

/* All files with the same operations belong to the same kind, or to none. */
static const void **find_foreign_slot(struct walk *walk, const struct file *file)
{
	return &walk->foreign[hash_ptr(file->f_op, FOREIGN_BITS)];
}

bool dmaown_walk_take(struct walk *walk, struct file *file, struct candidate *candidate)
{
	const void **foreign = find_foreign_slot(walk, file);
	unsigned int i;

	if (*foreign == file->f_op)
		return false;
	for (i = 0; i < walk->kinds.nr; i++) {
		candidate->found = (struct kind_file){ .via = DMAOWN_VIA_CONTEXT };
		if (!walk->kinds.uses[i].loaded ||
		    !dmaown_kinds[i]->recognize(&walk->kinds.uses[i], file, &candidate->found))
			continue;
		candidate->kind = i;
		candidate->file = file;
		candidate->device_file = candidate->found.indirect ? get_file(file) : NULL;
		return true;
	}
	if (walk->kinds.nr == KINDS_NR)
		*foreign = file->f_op;
	return false;
}

static void find_put_candidate(struct candidate *candidate)
{
	if (candidate->found.ctx.self)
		dmaown_context_put(candidate->found.ctx);
	if (candidate->device_file)
		dmaown_fput(candidate->device_file);
}

/*
 * Get the context that a file holds. Return: 0, also if it holds none; -ENOENT if the context is
 * not in use; -EAGAIN if a lock is held, so that the context or its state is unknown; -ENOEXEC if
 * the module has no layout for it; or -ENOMEM.
 */
static int find_candidate_context(const struct kinds_in_use *kinds, struct candidate *candidate,
				  struct file_device *device)
{
	struct kind_file *found = &candidate->found;
	int ret = found->unseen ? -ENOEXEC : 0;

	if (found->indirect)
		ret = dmaown_kinds[candidate->kind]->resolve(&kinds->uses[candidate->kind],
							     candidate->device_file, found->via,
							     &found->ctx, device);
	if (!ret && found->ctx.self)
		ret = dmaown_context_live(found->ctx);
	return ret;
}

/* Fill a holding from a candidate. Return: 0 or -ENOMEM. */
static int find_resolve(const struct walk *walk, struct candidate *candidate,
			struct holding *holding, struct file_device *device)
{
	int ret = find_candidate_context(&walk->kinds, candidate, device);

	holding->fd = candidate->fd;
	holding->addr = candidate->addr;
	holding->file = candidate->file;
	holding->via = candidate->fd == NO_FD ? DMAOWN_VIA_MAPPING : candidate->found.via;
	holding->device = candidate->device_file ? device : NULL;
	holding->device_file = candidate->device_file;
	holding->busy = ret == -EAGAIN;
	holding->unseen = ret == -ENOEXEC;
	holding->ctx = ret && !holding->busy ? (struct context){} : candidate->found.ctx;
	holding->maybe = NULL;
	if (holding->busy && !holding->ctx.self)
		holding->maybe = dmaown_kinds[candidate->kind]->hint(candidate->device_file,
								     candidate->found.via);
	return ret == -ENOMEM ? ret : 0;
}

int dmaown_walk_show(struct walk *walk, struct task_struct *leader)
{
	struct holding holding = { .task = leader };
	struct file_device device;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < walk->nr; i++) {
		if (!ret)
			ret = find_resolve(walk, &walk->candidates[i], &holding, &device);
		if (!ret)
			ret = walk->fn(&holding, walk->arg);
		find_put_candidate(&walk->candidates[i]);
	}
	walk->nr = 0;
	return ret;
}

int dmaown_walk_show_incomplete(struct walk *walk, struct task_struct *leader)
{
	const struct holding holding = { .task = leader, .fd = NO_FD, .busy = true };

	return walk->fn(&holding, walk->arg);
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

bool dmaown_walk_files_unseen(const struct walk *walk)
{
	const struct kinds_in_use *kinds = &walk->kinds;
	unsigned int i;

	for (i = 0; i < kinds->nr; i++)
		if (dmaown_kinds[i]->resolve && kinds->uses[i].loaded && !kinds->uses[i].proven)
			return true;
	return false;
}

void dmaown_walk_end(struct walk *walk)
{
	find_use_none(&walk->kinds);
	dmaown_ptrset_free(&walk->seen);
	kvfree(walk->tables);
	kfree(walk);
}

static struct walk *find_walk_begin(holding_fn fn, void *arg)
{
	struct walk *walk = kmalloc(sizeof(*walk), GFP_KERNEL);

	if (!walk)
		return NULL;
	memset(walk, 0, offsetof(struct walk, candidates));
	walk->fn = fn;
	walk->arg = arg;
	walk->budget = wait_budget_of(WALK_WAIT);
	dmaown_ptrset_init(&walk->seen);
	if (find_use_next(&walk->kinds)) {
		dmaown_walk_end(walk);
		return NULL;
	}
	return walk;
}

struct walk *dmaown_walk_begin(holding_fn fn, void *arg, const struct mapped *mapped)
{
	struct walk *walk = find_walk_begin(fn, arg);

	if (!walk)
		return NULL;
	walk->mapped = mapped;
	if (!find_use_all(&walk->kinds))
		return walk;
	dmaown_walk_end(walk);
	return NULL;
}

/*
 * Descriptors come before mappings: a process can turn a descriptor into a mapping, but not a
 * mapping into a descriptor.
 */
static int find_walk_process(struct walk *walk, struct task_struct *leader)
{
	return dmaown_walk_tables(walk, leader) ?: dmaown_walk_mappings(walk, leader);
}

int dmaown_find_in_process(struct task_struct *leader, holding_fn fn, void *arg)
{
	struct walk *walk = dmaown_walk_begin(fn, arg, NULL);
	int ret;

	if (!walk)
		return -ENOMEM;
	ret = find_walk_process(walk, leader);
	dmaown_walk_end(walk);
	return ret;
}

/* Kernel threads are skipped: their table has no files. */
struct task_struct *dmaown_find_next_process(int *nr, bool *end)
{
	struct task_struct *task = NULL;
	unsigned int steps = PID_STEPS;
	struct pid *pid = NULL;

	rcu_read_lock();
	while (steps-- && (pid = find_ge_pid(*nr, &init_pid_ns))) {
		*nr = pid_nr(pid) + 1;
		task = pid_task(pid, PIDTYPE_TGID);
		if (task && !(READ_ONCE(task->flags) & PF_KTHREAD)) {
			get_task_struct(task);
			break;
		}
		task = NULL;
	}
	rcu_read_unlock();
	*end = !pid;
	return task;
}

int dmaown_find_everywhere(holding_fn fn, void *arg, const struct mapped *mapped, bool *vfio_unseen)
{
	struct walk *walk = dmaown_walk_begin(fn, arg, mapped);
	struct task_struct *leader;
	bool end = false;
	int ret = 0;
	int nr = 1;

	if (!walk)
		return -ENOMEM;
	*vfio_unseen = dmaown_walk_files_unseen(walk);
	while (!ret && !end) {
		leader = dmaown_find_next_process(&nr, &end);
		if (leader) {
			ret = find_walk_process(walk, leader);
			put_task_struct(leader);
		}
		if (fatal_signal_pending(current))
			ret = ret ?: -EINTR;
		cond_resched();
	}
	dmaown_walk_end(walk);
	return ret;
}

struct fd_search {
	u64 id;
	struct context *ctx;
	bool all;  /* search on after a file that is locked */
	bool busy; /* there was one */
};

static int find_take_match(const struct holding *holding, void *arg)
{
	struct fd_search *search = arg;

	if (search->id && holding->ctx.self && dmaown_context_id(holding->ctx) != search->id)
		return 0;
	/* The ID is of a context for which the module has a layout, so this is another context. */
	if (holding->unseen)
		return search->id ? 0 : -ENOEXEC;
	search->busy = search->busy || holding->busy;
	if (holding->busy)
		return search->all ? 0 : -EAGAIN;
	if (!holding->ctx.self)
		return 0;
	dmaown_context_get(holding->ctx);
	*search->ctx = holding->ctx;
	return 1;
}

/* Look up one kind after the other: most files are contexts of the first. */
static int find_in_descriptor(struct walk *walk, struct task_struct *leader, unsigned int fd)
{
	int ret;

	walk->one = true;
	walk->next_fd = fd;
	ret = dmaown_walk_tables(walk, leader);
	while (!ret && walk->kinds.nr < KINDS_NR)
		ret = find_use_next(&walk->kinds) ?: dmaown_walk_tables(walk, leader);
	return ret;
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
	search.all = fd == NO_FD;
	if (search.all)
		ret = find_use_all(&walk->kinds) ?: find_walk_process(walk, leader);
	else
		ret = find_in_descriptor(walk, leader, fd);
	dmaown_walk_end(walk);
	if (!ret && search.all && search.busy)
		return -EAGAIN;
	return min(ret, 0);
}

static int find_in_file(struct walk *walk, struct file *file, unsigned int fd)
{
	walk->candidates[0] = (struct candidate){ .fd = fd };
	walk->nr = dmaown_walk_take(walk, file, walk->candidates);
	return dmaown_walk_show(walk, current->group_leader);
}

int dmaown_find_by_own_fd(unsigned int fd, struct context *ctx)
{
	struct fd_search search = { .ctx = ctx };
	struct file *file = fget(fd);
	struct walk *walk;
	int ret;

	*ctx = (struct context){};
	if (!file)
		return 0;
	walk = find_walk_begin(find_take_match, &search);
	if (!walk) {
		fput(file);
		return -ENOMEM;
	}
	ret = find_in_file(walk, file, fd);
	while (!ret && walk->kinds.nr < KINDS_NR)
		ret = find_use_next(&walk->kinds) ?: find_in_file(walk, file, fd);
	dmaown_walk_end(walk);
	fput(file);
	return min(ret, 0);
}

struct task_struct *dmaown_find_holder(const struct dmaown_file *file)
{
	if (file->holder.pid)
		return dmaown_process_find(&file->holder);
	return get_task_struct(current->group_leader);
}

static_assert(DMAOWN_FD_ANY == NO_FD);

int dmaown_find_by_file(const struct dmaown_file *file, struct task_struct *holder,
			struct context *ctx)
{
	if (!file->holder.pid && file->fd != NO_FD)
		return dmaown_find_by_own_fd(file->fd, ctx);
	return dmaown_find_by_fd(holder, file->fd, file->context, ctx);
}

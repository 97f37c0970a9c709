// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "contexts.h"
#include "find.h"
#include "grow.h"

/* Adds a context that is not there yet, with a reference of its own. */
static int contexts_add(struct contexts *contexts, struct context ctx)
{
	struct context *array;
	int ret;

	ret = ptrset_reserve(&contexts->set, contexts->nr + 1);
	if (ret)
		return ret;
	if (ptrset_count(&contexts->set, ctx.self))
		return 0;
	array = grow(contexts->array, contexts->nr, &contexts->room, sizeof(*array));
	if (!array)
		return -ENOMEM;
	contexts->array = array;
	ptrset_add(&contexts->set, ctx.self);
	*ptrset_value(&contexts->set, ctx.self) = contexts->nr;
	context_get(ctx);
	array[contexts->nr++] = ctx;
	return 0;
}

void contexts_put(struct contexts *contexts)
{
	while (contexts->nr)
		context_put(contexts->array[--contexts->nr]);
	kvfree(contexts->array);
	ptrset_free(&contexts->set);
	memset(contexts, 0, sizeof(*contexts));
}

struct held {
	struct contexts *contexts;
	bool unknown;			/* there may be more: a file was locked */
	bool busy;			/* that, or a context was: it may be none */
};

static int add_held(const struct holding *holding, void *arg)
{
	struct held *held = arg;

	held->busy = held->busy || holding->busy;
	held->unknown = held->unknown || !holding->ctx.self;
	return holding->ctx.self ? contexts_add(held->contexts, holding->ctx) : 0;
}

static void report_not_held(struct reports *reports, const struct process *to, u64 context)
{
	struct dmaown_report report = {
		.reason = DMAOWN_REASON_NOT_HELD,
		.context = context,
		.process = process_pid(to->owner.task, task_active_pid_ns(current)),
	};

	report_add(reports, &report);
}

static void report_no_context(struct reports *reports, u64 context, unsigned int index)
{
	struct dmaown_report report = {
		.reason = DMAOWN_REASON_NO_CONTEXT,
		.context = context,
		.value = index,
	};

	report_add(reports, &report);
}

/* The context that one entry names, if there is one. *by_to: and TO holds it by this file. */
static int find_named(const struct dmaown_file *file, const struct process *to,
		      struct context *ctx, bool *by_to)
{
	struct task_struct *holder;
	int ret;

	*ctx = (struct context){};
	*by_to = false;
	if (!file->holder.pid) {
		*by_to = same_process(current, to->owner.task);
		return find_by_own_fd(file->fd, ctx);
	}
	holder = process_find(&file->holder);
	if (IS_ERR(holder))
		return 0;
	*by_to = same_process(holder, to->owner.task);
	ret = find_by_fd(holder, file->fd, file->context, ctx);
	put_task_struct(holder);
	return ret;
}

/* held: those of which it is clear already that TO holds them. */
static int add_named(struct contexts *contexts, struct contexts *held, const struct process *to,
		     const struct dmaown_file *files, unsigned int nr, struct reports *reports)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < nr && !ret; i++) {
		struct context ctx;
		bool by_to;

		ret = find_named(&files[i], to, &ctx, &by_to);
		if (ret)
			return ret == -EAGAIN ? -EBUSY : ret;
		if (!ctx.self || (files[i].context && files[i].context != context_id(ctx)))
			report_no_context(reports, files[i].context, i);
		else
			ret = contexts_add(contexts, ctx) ?:
			      (by_to ? contexts_add(held, ctx) : 0);
		if (ctx.self)
			context_put(ctx);
	}
	return ret;
}

/* All contexts that a process holds. */
static int add_all(struct held *held, struct contexts *contexts, const struct process *process)
{
	*held = (struct held){ .contexts = contexts };
	return find_in_process(process->owner.task, add_held, held);
}

static int get_all(struct contexts *contexts, const struct process *to, struct reports *reports)
{
	struct held held;
	int ret;

	ret = add_all(&held, contexts, to);
	if (!ret && held.busy)
		return -EBUSY;
	if (!ret && !contexts->nr)
		report_not_held(reports, to, 0);
	return ret;
}

/* Those that are named, each of which TO must hold by some file. */
static int get_named(struct contexts *contexts, struct contexts *held, const struct process *to,
		     const struct dmaown_file *files, unsigned int nr, struct reports *reports)
{
	struct held found = {};
	unsigned int i;
	int ret;

	ret = add_named(contexts, held, to, files, nr, reports);
	if (!ret && held->nr < contexts->nr)
		ret = add_all(&found, held, to);
	for (i = 0; i < contexts->nr && !ret; i++) {
		if (ptrset_count(&held->set, contexts->array[i].self))
			continue;
		if (found.unknown)
			ret = -EBUSY;
		else
			report_not_held(reports, to, context_id(contexts->array[i]));
	}
	return ret;
}

/* Those of the same kind next to each other, in the order in which they came. */
static int contexts_by_kind(struct contexts *contexts)
{
	struct context *array = kvmalloc_array(contexts->nr, sizeof(*array), GFP_KERNEL_ACCOUNT);
	unsigned int i, nr = 0;
	enum dmaown_kind kind;

	if (!array)
		return -ENOMEM;
	for (kind = 1; nr < contexts->nr; kind++)
		for (i = 0; i < contexts->nr; i++)
			if (context_kind(contexts->array[i]) == kind)
				array[nr++] = contexts->array[i];
	for (i = 0; i < nr; i++)
		*ptrset_value(&contexts->set, array[i].self) = i;
	swap(contexts->array, array);
	contexts->room = nr;
	kvfree(array);
	return 0;
}

int contexts_get(struct contexts *contexts, const struct process *to,
		 const struct dmaown_file *files, unsigned int nr_files, struct reports *reports)
{
	struct contexts held = {};
	int ret;

	if (!nr_files)
		ret = get_all(contexts, to, reports);
	else
		ret = get_named(contexts, &held, to, files, nr_files, reports);
	contexts_put(&held);
	return ret ?: contexts->nr > 1 ? contexts_by_kind(contexts) : 0;
}

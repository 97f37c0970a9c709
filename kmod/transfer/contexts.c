// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "array.h"
#include "contexts.h"
#include "find.h"

/* Add a context with a reference, unless it is already in the array. Return: 0 or -ENOMEM. */
static int contexts_add(struct contexts *contexts, struct context ctx)
{
	struct context *array;
	int ret;

	ret = dmaown_ptrset_reserve(&contexts->set, contexts->nr + 1);
	if (ret)
		return ret;
	if (dmaown_ptrset_count(&contexts->set, ctx.self))
		return 0;
	array = array_grow(contexts->array, contexts->nr, &contexts->room, sizeof(*array));
	if (!array)
		return -ENOMEM;
	contexts->array = array;
	dmaown_ptrset_add(&contexts->set, ctx.self);
	*dmaown_ptrset_value(&contexts->set, ctx.self) = contexts->nr;
	dmaown_context_get(ctx);
	array[contexts->nr++] = ctx;
	return 0;
}

void dmaown_contexts_put(struct contexts *contexts)
{
	while (contexts->nr) {
		dmaown_context_put(contexts->array[--contexts->nr]);
		cond_resched();
	}
	kvfree(contexts->array);
	dmaown_ptrset_free(&contexts->set);
	memset(contexts, 0, sizeof(*contexts));
}

struct held {
	struct contexts *contexts;
	bool unknown; /* a locked file may hold another context */
	bool busy;    /* a locked file or context; it may turn out to be none */
	bool unseen;  /* a file without a layout may hold another context */
};

static int contexts_add_held(const struct holding *holding, void *arg)
{
	struct held *held = arg;

	held->busy = held->busy || holding->busy;
	held->unseen = held->unseen || holding->unseen;
	held->unknown = held->unknown || (holding->busy && !holding->ctx.self);
	return holding->ctx.self ? contexts_add(held->contexts, holding->ctx) : 0;
}

static void contexts_report_not_held(struct reports *reports, const struct process *to, u64 context)
{
	struct dmaown_report report = {
		.reason = DMAOWN_REASON_NOT_HELD,
		.context = context,
		.process = dmaown_process_pid(to->owner.task, task_active_pid_ns(current)),
	};

	dmaown_report_add(reports, &report);
}

static void contexts_report_unseen(struct reports *reports, const struct process *process)
{
	struct dmaown_report report = {
		.reason = DMAOWN_REASON_UNSEEN,
		.process = dmaown_process_pid(process->owner.task, task_active_pid_ns(current)),
	};

	dmaown_report_add(reports, &report);
}

static void contexts_report_no_context(struct reports *reports, u64 context, unsigned int index)
{
	struct dmaown_report report = {
		.reason = DMAOWN_REASON_NO_CONTEXT,
		.context = context,
		.value = index,
	};

	dmaown_report_add(reports, &report);
}

/* Find the context that one entry names. *by_to: TO holds the context by this file. */
static int contexts_find_named(const struct dmaown_file *file, const struct process *to,
			       struct context *ctx, bool *by_to)
{
	struct task_struct *holder;
	int ret;

	*ctx = (struct context){};
	*by_to = false;
	holder = dmaown_find_holder(file);
	if (IS_ERR(holder))
		return 0;
	*by_to = same_process(holder, to->owner.task);
	ret = dmaown_find_by_file(file, holder, ctx);
	put_task_struct(holder);
	return ret;
}

/* held: the contexts that TO is known to hold. */
static int contexts_add_named(struct contexts *contexts, struct contexts *held,
			      const struct process *to, const struct dmaown_file *files,
			      unsigned int nr, struct reports *reports)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < nr && !ret; i++) {
		struct context ctx;
		bool by_to;

		ret = contexts_find_named(&files[i], to, &ctx, &by_to);
		if (ret == -EAGAIN)
			return -EBUSY;
		/* The module has no layout for the file, so nothing more is known of it. */
		if (ret == -ENOEXEC)
			ret = 0;
		if (ret)
			return ret;
		if (!ctx.self || (files[i].context && files[i].context != dmaown_context_id(ctx)))
			contexts_report_no_context(reports, files[i].context, i);
		else
			ret = contexts_add(contexts, ctx) ?: (by_to ? contexts_add(held, ctx) : 0);
		if (ctx.self)
			dmaown_context_put(ctx);
	}
	return ret;
}

/* Add all contexts that a process holds (leader: its group leader). */
static int contexts_add_all(struct held *held, struct contexts *contexts,
			    struct task_struct *leader)
{
	*held = (struct held){ .contexts = contexts };
	return dmaown_find_in_process(leader, contexts_add_held, held);
}

int dmaown_contexts_of(struct contexts *contexts, struct task_struct *leader, bool *unseen)
{
	struct held held;
	int ret = contexts_add_all(&held, contexts, leader);

	*unseen = held.unseen;
	return ret ?: held.busy ? -EBUSY : 0;
}

/* A context that is unseen would be left out: report it. */
static int contexts_get_all(struct contexts *contexts, const struct process *to,
			    const struct forces *forces, struct reports *reports)
{
	bool unseen;
	int ret;

	ret = dmaown_contexts_of(contexts, to->owner.task, &unseen);
	if (!ret && unseen && !dmaown_forces_any(forces, DMAOWN_REASON_UNSEEN))
		contexts_report_unseen(reports, to);
	if (!ret && !contexts->nr)
		contexts_report_not_held(reports, to, 0);
	return ret;
}

/* Get the contexts that are named. TO must hold each of them by some file. */
static int contexts_get_named(struct contexts *contexts, struct contexts *held,
			      const struct process *to, const struct dmaown_file *files,
			      unsigned int nr, struct reports *reports)
{
	struct held found = {};
	unsigned int i;
	bool missing = false;
	int ret;

	ret = contexts_add_named(contexts, held, to, files, nr, reports);
	if (!ret && held->nr < contexts->nr)
		ret = contexts_add_all(&found, held, to->owner.task);
	for (i = 0; i < contexts->nr && !ret; i++) {
		if (dmaown_ptrset_count(&held->set, contexts->array[i].self))
			continue;
		missing = true;
		if (found.unknown)
			ret = -EBUSY;
		else
			contexts_report_not_held(reports, to,
						 dmaown_context_id(contexts->array[i]));
	}
	/* An unseen file may hold one of the missing contexts. */
	if (!ret && missing && found.unseen)
		contexts_report_unseen(reports, to);
	return ret;
}

/* Sort the contexts by kind, and keep the order within a kind. */
static int contexts_by_kind(struct contexts *contexts)
{
	struct context *array = kvmalloc_array(contexts->nr, sizeof(*array), GFP_KERNEL_ACCOUNT);
	unsigned int i, nr = 0;
	enum dmaown_kind kind;

	if (!array)
		return -ENOMEM;
	for (kind = 1; nr < contexts->nr; kind++)
		for (i = 0; i < contexts->nr; i++)
			if (dmaown_context_kind(contexts->array[i]) == kind)
				array[nr++] = contexts->array[i];
	for (i = 0; i < nr; i++) {
		*dmaown_ptrset_value(&contexts->set, array[i].self) = i;
		cond_resched();
	}
	swap(contexts->array, array);
	contexts->room = nr;
	kvfree(array);
	return 0;
}

int dmaown_contexts_get(struct contexts *contexts, const struct process *to,
			const struct dmaown_file *files, unsigned int nr_files,
			const struct forces *forces, struct reports *reports)
{
	struct contexts held = {};
	int ret;

	if (!nr_files)
		ret = contexts_get_all(contexts, to, forces, reports);
	else
		ret = contexts_get_named(contexts, &held, to, files, nr_files, reports);
	dmaown_contexts_put(&held);
	return ret ?: contexts->nr > 1 ? contexts_by_kind(contexts) : 0;
}

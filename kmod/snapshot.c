// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "find.h"
#include "grow.h"
#include "owner.h"
#include "ptrset.h"
#include "snapshot.h"

struct taking {
	struct snapshot *snapshot;
	u64 only;
	const struct ptrset *among;	/* or NULL */
	pid_t tgid;			/* whose files are in seen */
	u64 start;
	struct ptrset seen;
};

/* Processes come one after the other, so what was seen of the last one can be forgotten. */
static int seen_before(struct taking *taking, const struct holding *holding)
{
	const struct task_struct *task = holding->task;
	int ret;

	if (taking->tgid != task->tgid || taking->start != task->start_boottime) {
		taking->tgid = task->tgid;
		taking->start = task->start_boottime;
		ptrset_renew(&taking->seen);
	}
	ret = ptrset_reserve(&taking->seen, taking->seen.used + 1);
	return ret ?: ptrset_add(&taking->seen, holding->file) > 1;
}

static struct holder *holder_new(struct snapshot *snapshot)
{
	struct holder *holders;

	holders = grow(snapshot->holders, snapshot->nr, &snapshot->room, sizeof(*holders));
	if (!holders)
		return NULL;
	snapshot->holders = holders;
	memset(&holders[snapshot->nr], 0, sizeof(*holders));
	return &holders[snapshot->nr];
}

static int holder_add(const struct holding *holding, void *arg)
{
	struct taking *taking = arg;
	struct snapshot *snapshot = taking->snapshot;
	const void *self = holding->ctx.self ?: holding->maybe;
	u64 context = holding->ctx.self ? context_id(holding->ctx) : 0;
	struct holder *holder;
	const struct cred *cred;
	int ret;

	if (taking->only && context && context != taking->only)
		return 0;
	if (taking->among && !ptrset_count(taking->among, self))
		return 0;
	ret = seen_before(taking, holding);
	if (ret)
		return min(ret, 0);
	holder = holder_new(snapshot);
	if (!holder)
		return -ENOMEM;

	holder->pid = get_task_pid(holding->task, PIDTYPE_TGID);
	if (!holder->pid)
		return 0;	/* gone meanwhile */
	holder->context = context;
	if (context)
		holder->kind = context_kind(holding->ctx);
	if (taking->among)
		holder->number = *ptrset_value(taking->among, self);
	holder->tgid = holding->task->tgid;
	holder->start = holding->task->start_boottime;
	cred = get_task_cred(holding->task);
	holder->uid = cred->uid;
	holder->euid = cred->euid;
	holder->suid = cred->suid;
	put_cred(cred);
	holder->fd = holding->fd;
	holder->via = holding->via;
	process_comm(holding->task, holder->comm);
	if (holding->device)
		strscpy(holder->device, holding->device, sizeof(holder->device));
	snapshot->nr++;
	return 0;
}

static int holder_compare(const void *a, const void *b)
{
	const struct holder *x = a;
	const struct holder *y = b;

	if (x->context != y->context)
		return x->context < y->context ? -1 : 1;
	if (x->tgid != y->tgid)
		return x->tgid < y->tgid ? -1 : 1;
	return x->fd < y->fd ? -1 : x->fd > y->fd;
}

static int take(struct snapshot *snapshot, u64 only, const struct ptrset *among)
{
	struct taking taking = { .snapshot = snapshot, .only = only, .among = among };
	int ret;

	memset(snapshot, 0, sizeof(*snapshot));
	ptrset_init(&taking.seen);
	ret = find_everywhere(holder_add, &taking);
	ptrset_free(&taking.seen);
	if (ret)
		snapshot_free(snapshot);
	return ret;
}

int snapshot_take(struct snapshot *snapshot, u64 only)
{
	int ret = take(snapshot, only, NULL);

	if (!ret && snapshot->nr)
		sort(snapshot->holders, snapshot->nr, sizeof(*snapshot->holders), holder_compare,
		     NULL);
	return ret;
}

int snapshot_of(struct snapshot *snapshot, const struct ptrset *contexts)
{
	return take(snapshot, 0, contexts);
}

void snapshot_free(struct snapshot *snapshot)
{
	unsigned int i;

	for (i = 0; i < snapshot->nr; i++)
		put_pid(snapshot->holders[i].pid);
	kvfree(snapshot->holders);
	memset(snapshot, 0, sizeof(*snapshot));
}

bool snapshot_next(struct snapshot *snapshot)
{
	const struct holder *holders = snapshot->holders;

	snapshot->first = snapshot->end;
	while (snapshot->first < snapshot->nr && !holders[snapshot->first].context)
		snapshot->first++;
	snapshot->end = snapshot->first;
	while (snapshot->end < snapshot->nr &&
	       holders[snapshot->end].context == holders[snapshot->first].context)
		snapshot->end++;
	return snapshot->first < snapshot->nr;
}

int snapshot_reopen(const struct snapshot *snapshot, struct context *ctx)
{
	unsigned int i;
	int failed = 0;

	*ctx = (struct context){};
	for (i = snapshot->first; i < snapshot->end && !ctx->self; i++) {
		const struct holder *holder = &snapshot->holders[i];
		struct task_struct *task = get_pid_task(holder->pid, PIDTYPE_TGID);

		if (!task)
			continue;
		failed = find_by_fd(task, holder->fd, holder->context, ctx) ?: failed;
		put_task_struct(task);
	}
	return ctx->self ? 0 : failed;
}

unsigned int snapshot_busy(const struct snapshot *snapshot)
{
	unsigned int nr = 0;

	while (nr < snapshot->nr && !snapshot->holders[nr].context)
		nr++;
	return nr;
}

unsigned int snapshot_processes(const struct snapshot *snapshot)
{
	unsigned int i, nr = 0;

	for (i = snapshot->first; i < snapshot->end; i++)
		if (i == snapshot->first ||
		    snapshot->holders[i].pid != snapshot->holders[i - 1].pid)
			nr++;
	return nr;
}

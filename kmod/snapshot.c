// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bitops.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "array.h"
#include "find.h"
#include "fput.h"
#include "owner.h"
#include "ptrset.h"
#include "snapshot.h"
#include "tally.h"
#include "unknown.h"
#include "vfio/devices.h"
#include "walk.h"

/*
 * Bounds on what one user, and all users together, can make the module keep. Processes that would
 * exceed them become incomplete.
 */
#define HOLDERS_PER_USER (128 * 1024)
#define HOLDERS_MOST	 (2 * 1024 * 1024)

/* Searches through all files of a process for a context whose lowest descriptor was closed */
#define SEARCHES 64

struct snapshot_walk {
	struct snapshot *snapshot;
	u64 only;
	const struct ptrset *among;  /* NULL for all contexts */
	const struct mapped *mapped; /* see dmaown_find_everywhere() */
	struct tally *tally;	     /* of a walk through a few processes */
	struct ptrset found;	     /* files of devices that are in a context */
	struct ptrset users;	     /* struct user_struct; values: their holders */

	/* The process that is walked, and its files: processes come one after the other. */
	pid_t tgid;
	u64 start;
	struct ptrset files;
	struct ptrset rows;	  /* see snapshot_row_key(); values: indices of holders */
	unsigned int unseen_vias; /* one bit for each via by which it has an unseen file */
};

static void snapshot_next_process(struct snapshot_walk *walk, const struct task_struct *task)
{
	if (walk->tgid == task->tgid && walk->start == task->start_boottime)
		return;
	walk->tgid = task->tgid;
	walk->start = task->start_boottime;
	dmaown_ptrset_renew(&walk->files);
	dmaown_ptrset_renew(&walk->rows);
	walk->unseen_vias = 0;
}

/* A descriptor and a mapping of the same file are two things. */
static const void *snapshot_file_key(const struct holding *holding)
{
	return (const char *)holding->file + (holding->fd == NO_FD);
}

/*
 * Has this file of the process been added already? One unseen file of each kind is enough, and one
 * sign that the process is incomplete. Return: 0, 1 if it has, or -ENOMEM.
 */
static int snapshot_seen_before(struct snapshot_walk *walk, const struct holding *holding)
{
	int ret;

	if (holding->unseen || !holding->file) {
		if (walk->unseen_vias & BIT(holding->via))
			return 1;
		walk->unseen_vias |= BIT(holding->via);
		return 0;
	}
	ret = dmaown_ptrset_reserve(&walk->files, walk->files.used + 1);
	return ret ?: dmaown_ptrset_add(&walk->files, snapshot_file_key(holding)) > 1;
}

/* ROWS */

/*
 * Files of a process that differ in none of this share a holder: the device, the group or the
 * context; whether a context is known; whether it is mapped; and of a context, by which kind of
 * file. The structs are aligned, so that their addresses have three bits to spare.
 */
static const void *snapshot_row_key(const struct holding *holding)
{
	static const u64 nothing;
	const void *thing = holding->device ? holding->device->self : holding->ctx.self;
	unsigned int bits = holding->fd == NO_FD;

	if (holding->ctx.self)
		bits |= 2;
	if (holding->device ? holding->busy : holding->via == DMAOWN_VIA_EVENTQ)
		bits |= 4;
	return (const char *)(thing ?: &nothing) + bits;
}

/* A device can have changed its context since the holder was added. */
static bool snapshot_row_matches(const struct holder *holder, const struct holding *holding,
				 u64 context)
{
	return holder->context == context && holder->via == holding->via &&
	       holder->unseen == holding->unseen;
}

/* Find the holder that has files like this one. Return: NULL if there is none yet. */
static struct holder *snapshot_find_row(const struct snapshot_walk *walk,
					const struct holding *holding, u64 context)
{
	const void *key = snapshot_row_key(holding);
	struct holder *holder;

	if (!dmaown_ptrset_count(&walk->rows, key))
		return NULL;
	holder = &walk->snapshot->holders[*dmaown_ptrset_value(&walk->rows, key)];
	return snapshot_row_matches(holder, holding, context) ? holder : NULL;
}

static struct holder *snapshot_new_holder(struct snapshot *snapshot)
{
	struct holder *holders;

	holders = array_grow(snapshot->holders, snapshot->nr, &snapshot->room, sizeof(*holders));
	if (!holders)
		return NULL;
	snapshot->holders = holders;
	memset(&holders[snapshot->nr], 0, sizeof(*holders));
	return &holders[snapshot->nr];
}

/* Count one more holder of a user. Return: 0, 1 if there are too many already, or -ENOMEM. */
static int snapshot_count_user(struct snapshot_walk *walk, const struct user_struct *user)
{
	int ret = dmaown_ptrset_reserve(&walk->users, walk->users.used + 1);
	u64 *holders;

	if (ret)
		return ret;
	dmaown_ptrset_add(&walk->users, user);
	holders = dmaown_ptrset_value(&walk->users, user);
	if (*holders >= HOLDERS_PER_USER || walk->snapshot->nr >= HOLDERS_MOST)
		return 1;
	++*holders;
	return 0;
}

/* Fill in the process. Return: 0; 1 if it has exited; or -ENOMEM. */
static int snapshot_set_process(struct holder *holder, struct task_struct *task,
				const struct cred *cred)
{
	holder->pid = get_task_pid(task, PIDTYPE_TGID);
	if (!holder->pid)
		return 1;
	holder->tgid = task->tgid;
	holder->start = task->start_boottime;
	holder->uid = cred->uid;
	holder->euid = cred->euid;
	holder->suid = cred->suid;
	holder->fd = NO_FD;
	holder->number = NUMBER_NONE;
	dmaown_process_comm(task, holder->comm);
	return 0;
}

static void snapshot_set_device(struct holder *holder, const struct file_device *device)
{
	strscpy(holder->device, device->name, sizeof(holder->device));
	holder->has_opens = device->has_opens;
	holder->opens = device->opens;
	holder->removing = device->removing;
}

static void snapshot_set_holding(struct holder *holder, const struct snapshot_walk *walk,
				 const struct holding *holding, u64 context)
{
	holder->context = context;
	if (context)
		holder->kind = dmaown_context_kind(holding->ctx);
	if (context && holding->via == DMAOWN_VIA_CONTEXT && !walk->among)
		dmaown_allowance_get(&holder->allowance, holding->task, holding->ctx);
	holder->fd = holding->fd;
	holder->addr = holding->addr;
	holder->busy = holding->busy && !context;
	holder->unseen = holding->unseen;
	holder->incomplete = !holding->file;
	holder->via = holding->via;
	if (holding->device)
		snapshot_set_device(holder, holding->device);
}

/* Add a holder without files. Return: 0; 1 if the process has exited; or -ENOMEM. */
static int snapshot_add_row(struct snapshot_walk *walk, const struct holding *holding, u64 context,
			    const struct cred *cred)
{
	struct snapshot *snapshot = walk->snapshot;
	struct holder *holder;
	const void *key = snapshot_row_key(holding);
	int ret;

	ret = dmaown_ptrset_reserve(&walk->rows, walk->rows.used + 1);
	if (ret)
		return ret;
	holder = snapshot_new_holder(snapshot);
	if (!holder)
		return -ENOMEM;
	ret = snapshot_set_process(holder, holding->task, cred);
	if (ret)
		return ret;
	snapshot_set_holding(holder, walk, holding, context);
	dmaown_ptrset_add(&walk->rows, key);
	*dmaown_ptrset_value(&walk->rows, key) = snapshot->nr++;
	return 0;
}

/*
 * Add a holder, or say once that the process is incomplete. Return: 0; 1 if there is no holder for
 * the file; or -ENOMEM.
 */
static int snapshot_add_bounded(struct snapshot_walk *walk, const struct holding *holding,
				u64 context)
{
	const struct holding incomplete = { .task = holding->task, .fd = NO_FD, .busy = true };
	const struct cred *cred = get_task_cred(holding->task);
	int ret = holding->file ? snapshot_count_user(walk, cred->user) : 0;

	if (!ret)
		ret = snapshot_add_row(walk, holding, context, cred);
	else if (ret == 1 && !snapshot_seen_before(walk, &incomplete))
		ret = snapshot_add_row(walk, &incomplete, 0, cred) ?: 1;
	put_cred(cred);
	return ret;
}

/* FILES OF A HOLDER */

static int snapshot_keep_file(struct snapshot *snapshot, struct file *file)
{
	struct file **kept;

	kept = array_grow(snapshot->kept, snapshot->kept_nr, &snapshot->kept_room, sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	snapshot->kept = kept;
	kept[snapshot->kept_nr++] = get_file(file);
	return 0;
}

/*
 * Files that are not kept may be closed, and another file may get the address: then count at least
 * the files of another device.
 */
static const void *snapshot_found_key(const struct snapshot_walk *walk,
				      const struct holding *holding)
{
	unsigned long key = (unsigned long)holding->file;

	if (!walk->among)
		key ^= rol64((unsigned long)holding->device->self, 32);
	return (const void *)(key | 1);
}

/* Is this the first time that any process has this file, in a context? Return: 0, 1 or -ENOMEM. */
static int snapshot_found_first(struct snapshot_walk *walk, const struct holding *holding)
{
	int ret;

	if (!holding->ctx.self)
		return 0;
	ret = dmaown_ptrset_reserve(&walk->found, walk->found.used + 1);
	return ret ?: dmaown_ptrset_add(&walk->found, snapshot_found_key(walk, holding)) == 1;
}

static int snapshot_add_device_file(struct snapshot_walk *walk, struct holder *holder,
				    const struct holding *holding)
{
	int first = snapshot_found_first(walk, holding);
	int ret;

	if (first < 0)
		return first;
	holder->first_files += first;
	if (!walk->among || (!first && holder->device_file))
		return 0;
	ret = snapshot_keep_file(walk->snapshot, holding->device_file);
	if (!ret)
		holder->device_file = holding->device_file;
	return ret;
}

static int snapshot_add_file(struct snapshot_walk *walk, struct holder *holder,
			     const struct holding *holding)
{
	holder->files++;
	holder->fd = min(holder->fd, holding->fd);
	holder->addr = min(holder->addr, holding->addr);
	if (!holding->device || !holding->device->has_opens)
		return 0;
	return snapshot_add_device_file(walk, holder, holding);
}

/* Find the number of a holding. Return: false if it is not to be included. */
static bool snapshot_number(const struct snapshot_walk *walk, const struct holding *holding,
			    unsigned int *number)
{
	const void *self = holding->ctx.self ?: holding->maybe;

	if (self && dmaown_ptrset_count(walk->among, self)) {
		*number = *dmaown_ptrset_value(walk->among, self);
		return true;
	}
	*number = NUMBER_NONE;
	return !holding->file ||
	       (holding->ctx.self && holding->device && holding->device->removing);
}

/* Does the caller want this holding? *number: of its context */
static bool snapshot_wants(const struct snapshot_walk *walk, const struct holding *holding,
			   u64 context, unsigned int *number)
{
	*number = 0;
	if (walk->among)
		return snapshot_number(walk, holding, number);
	if (!walk->only || context == walk->only)
		return true;
	return !context && (holding->busy || holding->unseen);
}

static int snapshot_add_holding(const struct holding *holding, void *arg)
{
	u64 context = holding->ctx.self ? dmaown_context_id(holding->ctx) : 0;
	struct snapshot_walk *walk = arg;
	struct snapshot *snapshot = walk->snapshot;
	struct holder *holder;
	unsigned int number;
	int ret;

	if (!snapshot_wants(walk, holding, context, &number))
		return 0;
	snapshot_next_process(walk, holding->task);
	ret = snapshot_seen_before(walk, holding);
	if (ret)
		return min(ret, 0);
	holder = holding->file ? snapshot_find_row(walk, holding, context) : NULL;
	if (!holder) {
		ret = snapshot_add_bounded(walk, holding, context);
		if (ret)
			return min(ret, 0);
		holder = &snapshot->holders[snapshot->nr - 1];
		holder->number = number;
	}
	return holding->file ? snapshot_add_file(walk, holder, holding) : 0;
}

/*
 * Sorting many holders takes long, so each comparison may reschedule. The order does not matter to
 * a caller that is being killed.
 */
static bool snapshot_sorts_on(void)
{
	cond_resched();
	return !fatal_signal_pending(current);
}

static int holder_compare(const void *a, const void *b)
{
	const struct holder *x = a;
	const struct holder *y = b;

	if (!snapshot_sorts_on())
		return 0;
	if (x->context != y->context)
		return x->context < y->context ? -1 : 1;
	if (x->tgid != y->tgid)
		return x->tgid < y->tgid ? -1 : 1;
	return x->fd < y->fd ? -1 : x->fd > y->fd;
}

static int holder_compare_process(const void *a, const void *b)
{
	const struct holder *x = a;
	const struct holder *y = b;

	if (!snapshot_sorts_on())
		return 0;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	if (x->tgid != y->tgid)
		return x->tgid < y->tgid ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

static void snapshot_sort(struct snapshot *snapshot, cmp_func_t compare)
{
	if (snapshot->nr)
		sort(snapshot->holders, snapshot->nr, sizeof(*snapshot->holders), compare, NULL);
}

static void snapshot_begin(struct snapshot_walk *walk)
{
	memset(walk->snapshot, 0, sizeof(*walk->snapshot));
	dmaown_ptrset_init(&walk->found);
	dmaown_ptrset_init(&walk->users);
	dmaown_ptrset_init(&walk->files);
	dmaown_ptrset_init(&walk->rows);
}

/* Complete the snapshot if ret is 0, else free it. Return: ret. */
static int snapshot_end(struct snapshot_walk *walk, cmp_func_t compare, int ret)
{
	dmaown_ptrset_free(&walk->rows);
	dmaown_ptrset_free(&walk->files);
	dmaown_ptrset_free(&walk->users);
	dmaown_ptrset_free(&walk->found);
	if (ret)
		dmaown_snapshot_free(walk->snapshot);
	else
		snapshot_sort(walk->snapshot, compare);
	return ret;
}

static int snapshot_fill(struct snapshot_walk *walk, cmp_func_t compare)
{
	int ret;

	snapshot_begin(walk);
	ret = dmaown_find_everywhere(snapshot_add_holding, walk, walk->mapped,
				     &walk->snapshot->vfio_unseen);
	return snapshot_end(walk, compare, ret);
}

int dmaown_snapshot_of(struct snapshot *snapshot, const struct ptrset *contexts,
		       const struct mapped *mapped)
{
	struct snapshot_walk walk = { .snapshot = snapshot, .among = contexts, .mapped = mapped };

	return snapshot_fill(&walk, holder_compare_process);
}

/* A FEW PROCESSES */

static int snapshot_add_tallied(const struct holding *holding, void *arg)
{
	struct snapshot_walk *walk = arg;

	return dmaown_tally_add(walk->tally, holding) ?: snapshot_add_holding(holding, arg);
}

static int snapshot_walk_tallied(struct walk *files, struct tally *tally)
{
	int ret = 0;

	for (; tally->walked < tally->leaders_nr && !ret; tally->walked++)
		ret = dmaown_walk_tables(files, tally->leaders[tally->walked]);
	return ret;
}

/* Mappings come after descriptors: see find_walk_process(). Return: 0, 1, or an error. */
static int snapshot_walk_few(struct snapshot_walk *walk, struct walk *files)
{
	struct tally *tally = walk->tally;
	bool fits = false;
	unsigned int i;
	int ret;

	do {
		ret = snapshot_walk_tallied(files, tally);
		fits = !ret && dmaown_tally_fits(tally, walk->snapshot);
	} while (!ret && !fits && dmaown_tally_add_parents(tally));
	if (!ret && !fits)
		return 1;
	for (i = 0; i < tally->leaders_nr && !ret; i++)
		ret = dmaown_walk_mappings(files, tally->leaders[i]);
	return ret;
}

int dmaown_snapshot_of_few(struct snapshot *snapshot, const struct ptrset *contexts,
			   struct tally *tally)
{
	struct snapshot_walk walk = { .snapshot = snapshot, .among = contexts, .tally = tally };
	struct walk *files = dmaown_walk_begin(snapshot_add_tallied, &walk, &tally->mapped);
	int ret;

	if (!files)
		return -ENOMEM;
	snapshot_begin(&walk);
	ret = dmaown_walk_files_unseen(files) ? 1 : snapshot_walk_few(&walk, files);
	dmaown_walk_end(files);
	return snapshot_end(&walk, holder_compare_process, ret);
}

void dmaown_snapshot_release_files(struct snapshot *snapshot)
{
	unsigned int i;

	while (snapshot->kept_nr) {
		dmaown_fput(snapshot->kept[--snapshot->kept_nr]);
		cond_resched();
	}
	for (i = 0; i < snapshot->nr; i++)
		snapshot->holders[i].device_file = NULL;
}

void dmaown_snapshot_free(struct snapshot *snapshot)
{
	unsigned int i;

	dmaown_snapshot_release_files(snapshot);
	for (i = 0; i < snapshot->nr; i++)
		put_pid(snapshot->holders[i].pid);
	kvfree(snapshot->holders);
	kvfree(snapshot->by_device);
	kvfree(snapshot->kept);
	memset(snapshot, 0, sizeof(*snapshot));
}

static int holder_order_by_device(const struct holder *holder, unsigned int number,
				  const char *device)
{
	if (holder->number != number)
		return holder->number < number ? -1 : 1;
	return strcmp(holder->device, device);
}

static int holder_compare_device(const void *a, const void *b)
{
	const struct holder *x = *(const struct holder **)a;
	const struct holder *y = *(const struct holder **)b;
	int order;

	if (!snapshot_sorts_on())
		return 0;
	order = holder_order_by_device(x, y->number, y->device);
	if (order)
		return order;
	return x->context < y->context ? -1 : x->context > y->context;
}

int dmaown_snapshot_index_devices(struct snapshot *snapshot)
{
	unsigned int i;

	kvfree(snapshot->by_device);
	snapshot->by_device_nr = 0;
	snapshot->by_device =
		kvmalloc_array(snapshot->nr + 1, sizeof(*snapshot->by_device), GFP_KERNEL_ACCOUNT);
	if (!snapshot->by_device)
		return -ENOMEM;
	for (i = 0; i < snapshot->nr; i++)
		if (*snapshot->holders[i].device && snapshot->holders[i].pid)
			snapshot->by_device[snapshot->by_device_nr++] = &snapshot->holders[i];
	if (snapshot->by_device_nr)
		sort(snapshot->by_device, snapshot->by_device_nr, sizeof(*snapshot->by_device),
		     holder_compare_device, NULL);
	return 0;
}

/*
 * Return: the index in by_device of the first holder of this device in a context with this ID or a
 * higher one, or of one that sorts after it.
 */
static unsigned int snapshot_first_of_device(const struct snapshot *snapshot, unsigned int number,
					     const char *device, u64 context)
{
	unsigned int low = 0, high = snapshot->by_device_nr;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;
		const struct holder *other = snapshot->by_device[mid];
		int order = holder_order_by_device(other, number, device);

		if (order < 0 || (!order && other->context < context))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

unsigned int dmaown_snapshot_next_device(const struct snapshot *snapshot, unsigned int i)
{
	const struct holder *first = snapshot->by_device[i];

	while (i < snapshot->by_device_nr &&
	       !holder_order_by_device(snapshot->by_device[i], first->number, first->device))
		i++;
	return i;
}

bool dmaown_snapshot_stands_for_device(const struct snapshot *snapshot, const struct holder *holder)
{
	unsigned int i;

	if (!*holder->device || holder->via == DMAOWN_VIA_GROUP)
		return false;
	if (!holder->pid)
		return !dmaown_snapshot_device(snapshot, 0, holder->device);
	i = snapshot_first_of_device(snapshot, holder->number, holder->device, holder->context);
	return i < snapshot->by_device_nr && snapshot->by_device[i] == holder;
}

const struct holder *dmaown_snapshot_device(const struct snapshot *snapshot, unsigned int number,
					    const char *device)
{
	unsigned int i = snapshot_first_of_device(snapshot, number, device, 0);

	if (i == snapshot->by_device_nr ||
	    holder_order_by_device(snapshot->by_device[i], number, device))
		return NULL;
	return snapshot->by_device[i];
}

/*
 * A locked file may be one that is just being bound, and may fail to bind. Meanwhile it seems to
 * hold the context.
 */
unsigned int dmaown_snapshot_device_files(const struct snapshot *snapshot, unsigned int number,
					  const char *device, bool *locked)
{
	unsigned int i = snapshot_first_of_device(snapshot, number, device, 0);
	unsigned int nr = 0;

	*locked = false;
	for (; i < snapshot->by_device_nr; i++) {
		const struct holder *holder = snapshot->by_device[i];

		if (holder_order_by_device(holder, number, device))
			break;
		*locked = *locked || holder->busy || (holder->unseen && !holder->context);
		nr += holder->first_files;
	}
	return nr;
}

bool dmaown_snapshot_next(struct snapshot *snapshot)
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

/*
 * The lowest descriptor no longer has the context, but the process may have others. A search goes
 * through all files of the process, so that there can be only a few.
 */
static int snapshot_search(struct snapshot *snapshot, const struct holder *holder,
			   struct task_struct *task, struct context *ctx)
{
	if (snapshot->searches == SEARCHES)
		return -EAGAIN;
	snapshot->searches++;
	return dmaown_find_by_fd(task, NO_FD, holder->context, ctx);
}

/* Get a reference on the context of one holder, if it still holds it. */
static int snapshot_reopen_by(struct snapshot *snapshot, const struct holder *holder,
			      struct context *ctx)
{
	struct task_struct *task;
	int ret;

	if (!holder->pid)
		return dmaown_vfio_find_context(holder->device, holder->context, ctx);
	task = get_pid_task(holder->pid, PIDTYPE_TGID);
	if (!task)
		return 0;
	ret = dmaown_find_by_fd(task, holder->fd, holder->context, ctx);
	if (!ret && !ctx->self && holder->files > 1)
		ret = snapshot_search(snapshot, holder, task, ctx);
	put_task_struct(task);
	return ret;
}

int dmaown_snapshot_reopen(struct snapshot *snapshot, struct context *ctx)
{
	unsigned int i;
	int failed = 0;

	*ctx = (struct context){};
	for (i = snapshot->first; i < snapshot->end && !ctx->self; i++) {
		const struct holder *holder = &snapshot->holders[i];

		failed = snapshot_reopen_by(snapshot, holder, ctx) ?: failed;
	}
	return ctx->self ? 0 : failed;
}

unsigned int dmaown_snapshot_unknown(const struct snapshot *snapshot)
{
	unsigned int i, nr = 0;

	for (i = 0; i < snapshot->nr && !snapshot->holders[i].context; i++)
		nr += snapshot->holders[i].busy || snapshot->holders[i].unseen;
	return nr;
}

unsigned int dmaown_snapshot_processes(const struct snapshot *snapshot)
{
	unsigned int i, nr = 0;

	for (i = snapshot->first; i < snapshot->end; i++)
		if (snapshot->holders[i].pid &&
		    (i == snapshot->first ||
		     snapshot->holders[i].pid != snapshot->holders[i - 1].pid))
			nr++;
	return nr;
}

/* Invalidates by_device. */
static int snapshot_append(struct snapshot *snapshot, const struct holder *holders, unsigned int nr)
{
	struct holder *holder;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		holder = snapshot_new_holder(snapshot);
		if (!holder)
			return -ENOMEM;
		*holder = holders[i];
		snapshot->nr++;
	}
	snapshot_sort(snapshot, holder_compare);
	return 0;
}

int dmaown_snapshot_take(struct snapshot *snapshot, u64 only)
{
	struct snapshot_walk walk = { .snapshot = snapshot, .only = only };
	struct unknown_holders unknown = {};
	int ret;

	ret = snapshot_fill(&walk, holder_compare);
	if (ret)
		return ret;
	ret = dmaown_snapshot_index_devices(snapshot);
	if (!ret)
		ret = dmaown_unknown_find(&unknown, snapshot, only);
	if (!ret && unknown.nr)
		ret = snapshot_append(snapshot, unknown.array, unknown.nr) ?:
			      dmaown_snapshot_index_devices(snapshot);
	dmaown_unknown_free(&unknown);
	if (ret)
		dmaown_snapshot_free(snapshot);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The transfer.
 *
 * An attempt locks all IOASes of all contexts, which it holds still from then on, and only then finds out
 * what is to be moved, compares the memory, charges the new owner, and changes the owners: so there is
 * nothing that could change between a check and what was checked for. It never waits for a lock (see
 * iommufd/lock.c for the reason): where one is not to be had, it gives back everything, and the next
 * attempt begins anew after a while. Memory is allocated between attempts only.
 *
 * Up to commit() nothing has changed, but for charges, which are taken back. From there on nothing fails.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "contexts.h"
#include "event.h"
#include "iommufd.h"
#include "memory.h"
#include "pageset.h"
#include "process.h"
#include "record.h"
#include "transfer.h"

/* Between two attempts: from 50 µs on, doubled each time, up to 10 ms. */
#define WAIT_MIN_NS	(50 * NSEC_PER_USEC)
#define WAIT_MAX_NS	(10 * NSEC_PER_MSEC)

/* How often, a millisecond apart, an old owner's mmap_lock is tried for before that is left to a worker. */
#define SETTLE_TRIES	50

static struct workqueue_struct *workqueue;

static struct {
	atomic64_t transfers;
	atomic64_t refusals;
	atomic64_t retries;
	atomic64_t areas;
	atomic64_t npinned;
} counters;

/*
 * An old owner: what moves away from one (owner, mode). Allocated one by one, since that of an address
 * space whose lock is not to be had outlives the transfer.
 */
struct source {
	struct owner owner;		/* with references */
	u8 mode;
	bool has_mm;			/* a reference on mm_users */
	size_t moves;
	size_t npinned;			/* what the new owner is charged for */
	size_t charged;			/* what this one was charged for */
	struct work_struct work;
};

/* A pages object that changes hands. Nothing behind it may be read but under the locks. */
struct move {
	struct pages *pages;
	struct source *source;
	struct lockset_place place;	/* that of the first area that shows it */
	unsigned long iova;
	unsigned long last;
	unsigned long offset;
	unsigned long addr;
	size_t npages;
	unsigned int sharers;
	bool by_address;
	bool writable;
};

struct transfer {
	struct dmaown_transfer *arg;
	const struct dmaown_file *files;
	struct reports *reports;
	pid_t from_tgid;		/* 0: from anyone; like all that follow, of the initial namespace */
	u64 from_start;
	pid_t to_tgid;
	u64 to_start;
	ktime_t deadline;

	/* Of the attempt. */
	struct process to;
	struct contexts contexts;
	struct lockset *set;
	struct dmaown_report obstacle;	/* what made it fail with -EBUSY */
	u64 areas_total;
	u64 areas_from;			/* owned by FROM, moved or not */
	unsigned int areas;		/* that change hands */
	unsigned int areas_shared;	/* of these, on pages objects with more than one reference */
	size_t charge_user;
	size_t charge_mm;

	/* Room for the attempt, kept from one to the next, and what the last one would have needed. */
	struct move *moves;
	unsigned int moves_nr;
	unsigned int moves_room;
	unsigned int moves_want;
	struct source **sources;
	unsigned int sources_nr;
	unsigned int sources_room;
	unsigned int sources_want;
	struct pageset shared;
	unsigned int shared_want;
};

/* ROOM */

static int room_for_moves(struct transfer *t)
{
	struct move *moves;

	if (t->moves_want <= t->moves_room)
		return 0;
	/* A little more, since areas may be added meanwhile. */
	t->moves_want += t->moves_want / 8 + 16;
	moves = kvmalloc_array(t->moves_want, sizeof(*moves), GFP_KERNEL);
	if (!moves)
		return -ENOMEM;
	kvfree(t->moves);
	t->moves = moves;
	t->moves_room = t->moves_want;
	return 0;
}

static int room_for_sources(struct transfer *t)
{
	struct source **sources;

	if (t->sources_want <= t->sources_room)
		return 0;
	sources = kcalloc(t->sources_want, sizeof(*sources), GFP_KERNEL);
	if (!sources)
		return -ENOMEM;
	if (t->sources_room)
		memcpy(sources, t->sources, t->sources_room * sizeof(*sources));
	kfree(t->sources);
	t->sources = sources;
	for (; t->sources_room < t->sources_want; t->sources_room++) {
		sources[t->sources_room] = kzalloc(sizeof(**sources), GFP_KERNEL);
		if (!sources[t->sources_room])
			return -ENOMEM;
	}
	return 0;
}

/* Makes room for what the last attempt was short of. */
static int make_room(struct transfer *t)
{
	return room_for_moves(t) ?: room_for_sources(t) ?: pageset_reserve(&t->shared, t->shared_want);
}

static void free_room(struct transfer *t)
{
	unsigned int i;

	for (i = 0; i < t->sources_room; i++)
		kfree(t->sources[i]);
	kfree(t->sources);
	kvfree(t->moves);
	pageset_free(&t->shared);
}

/* REPORTS */

static u64 place_context(const struct transfer *t, const struct lockset_place *place)
{
	return context_id(t->contexts.array[place->context]);
}

/* The number, as the caller knows it, of a process that is not, or no longer, ours to keep. */
static u32 report_pid(struct task_struct *task)
{
	return process_pid(task, task_active_pid_ns(current));
}

static int obstacle(struct transfer *t, enum dmaown_reason reason, const struct lockset_place *place,
		    unsigned long iova, unsigned long last)
{
	t->obstacle = (struct dmaown_report){
		.reason = reason,
		.context = place ? place_context(t, place) : 0,
		.ioas = place ? place->ioas : 0,
		.iova = iova,
		.last = last,
	};
	return -EBUSY;
}

static void report_process(struct transfer *t, enum dmaown_reason reason, u32 pid)
{
	struct dmaown_report report = { .reason = reason, .process = pid };

	report_add(t->reports, &report);
}

/* WHAT IS TO BE MOVED */

static bool is_from(const struct transfer *t, const struct task_struct *task)
{
	return !t->from_tgid || (task->tgid == t->from_tgid && task->start_boottime == t->from_start);
}

/* Process, address space and user as wanted. */
static bool is_to(const struct transfer *t, const struct owner *owner)
{
	const struct owner *to = &t->to.owner;

	return same_process(owner->task, to->task) && owner->mm == to->mm && owner->user == to->user;
}

static bool source_is(const struct source *source, const struct locked_area *area)
{
	return source->mode == area->mode && owner_equal(&source->owner, &area->owner);
}

/* Areas of one owner tend to follow one another. NULL: no room. */
static struct source *source_of(struct transfer *t, const struct locked_area *area)
{
	struct source *source;
	unsigned int i;

	for (i = t->sources_nr; i; i--)
		if (source_is(t->sources[i - 1], area))
			return t->sources[i - 1];
	if (t->sources_nr == t->sources_room)
		return NULL;

	source = t->sources[t->sources_nr++];
	memset(source, 0, sizeof(*source));
	source->owner = area->owner;
	owner_get(&source->owner);
	source->mode = area->mode;
	source->has_mm = mmget_not_zero(source->owner.mm);
	return source;
}

static void add_move(struct transfer *t, const struct locked_area *area)
{
	struct source *source = source_of(t, area);
	struct move *move;

	if (!source)
		t->sources_want = t->sources_room * 2;
	if (!source || t->moves_nr == t->moves_room)
		return;

	source->moves++;
	source->npinned += area->npinned;
	source->charged += area->charged;
	move = &t->moves[t->moves_nr++];
	*move = (struct move){
		.pages = area->pages,
		.source = source,
		.place = area->place,
		.iova = area->iova,
		.last = area->last,
		.offset = area->offset,
		.addr = area->addr,
		.npages = area->npages,
		.sharers = area->sharers,
		.by_address = area->source == DMAOWN_SOURCE_ADDRESS,
		.writable = area->writable,
	};
}

static bool collect_area(const struct locked_area *area, void *arg)
{
	struct transfer *t = arg;

	t->areas_total++;
	if (!area->pages) {
		obstacle(t, DMAOWN_REASON_FLUX, &area->place, area->iova, area->last);
		return false;
	}
	if (!is_from(t, area->owner.task))
		return true;
	t->areas_from++;
	if (is_to(t, &area->owner))
		return true;

	t->areas++;
	if (area->sharers > 1) {
		t->areas_shared++;
		if (!pageset_has_room(&t->shared) || pageset_add(&t->shared, area->pages) > 1)
			return true;
	}
	add_move(t, area);
	return true;
}

/*
 * Nobody but the areas that were seen may refer to a pages object: a thread that does is about to fill or
 * empty it, in an IOAS that is not locked, and reads its owner meanwhile.
 */
static int check_sharers(struct transfer *t)
{
	unsigned int i;

	for (i = 0; i < t->moves_nr; i++) {
		const struct move *move = &t->moves[i];

		if (move->sharers > 1 && pageset_count(&t->shared, move->pages) != move->sharers)
			return obstacle(t, DMAOWN_REASON_FLUX, &move->place, move->iova, move->last);
	}
	return 0;
}

static int collect(struct transfer *t)
{
	t->obstacle.reason = 0;
	lockset_walk(t->set, collect_area, t);
	if (t->obstacle.reason)
		return -EBUSY;
	t->moves_want = t->areas;
	t->shared_want = t->areas_shared;
	if (t->moves_want > t->moves_room || t->sources_want > t->sources_room ||
	    t->shared_want > pageset_room(&t->shared))
		return -EAGAIN;
	if (t->from_tgid && !t->areas_from)
		report_process(t, DMAOWN_REASON_NOTHING, t->arg->from.pid);
	return check_sharers(t);
}

/* THE SAME MEMORY */

struct compare_arg {
	struct transfer *t;
	const struct move *move;
};

/* Turns a stretch of the pages object into IOVAs of the area that shows it, as far as it is shown there. */
static void report_stretch(enum dmaown_reason reason, unsigned long from, unsigned long length, void *arg)
{
	const struct compare_arg *compare = arg;
	const struct move *move = compare->move;
	struct transfer *t = compare->t;
	bool old = reason == DMAOWN_REASON_OLD_HOLE || reason == DMAOWN_REASON_OLD_PRIVATE;
	unsigned long first = max(from, move->offset);
	unsigned long shown = move->last - move->iova;
	struct dmaown_report report = {
		.reason = reason,
		.context = place_context(t, &move->place),
		.ioas = move->place.ioas,
		.process = report_pid(old ? move->source->owner.task : t->to.owner.task),
		.iova = move->iova,
		.last = move->last,
		.addr = move->addr + from,
	};

	/* What lies in the pages object but not in the area is reported as the whole area. */
	if (from + length > move->offset && from <= move->offset + shown) {
		report.iova = move->iova + (first - move->offset);
		report.last = move->iova + min(from + length - 1 - move->offset, shown);
		report.addr = move->addr + first;
	}
	report_add(t->reports, &report);
}

static void report_owner_gone(struct transfer *t, const struct move *move)
{
	struct task_struct *task = move->source->owner.task;
	struct dmaown_report report = {
		.reason = process_is_dead(task) ? DMAOWN_REASON_OWNER_DEAD : DMAOWN_REASON_OWNER_STALE,
		.context = place_context(t, &move->place),
		.ioas = move->place.ioas,
		.process = report_pid(task),
		.iova = move->iova,
		.last = move->last,
	};

	report_add(t->reports, &report);
}

/* Compares moves[from..] as long as they come from the same address space; returns where that ends. */
static int compare_some(struct transfer *t, unsigned int from)
{
	struct source *source = t->moves[from].source;
	struct compare_arg arg = { .t = t };
	struct memory memory;
	unsigned int i;

	if (!memory_begin(&memory, source->owner.mm, t->to.owner.mm))
		return obstacle(t, DMAOWN_REASON_LOCKED, &t->moves[from].place, t->moves[from].iova,
				t->moves[from].last);
	for (i = from; i < t->moves_nr && t->moves[i].source == source; i++) {
		const struct move *move = &t->moves[i];

		arg.move = move;
		if (move->by_address)
			memory_compare(&memory, move->addr, move->addr, move->npages, move->writable,
				       report_stretch, &arg);
	}
	memory_end(&memory);
	return i;
}

static int compare_memory(struct transfer *t)
{
	unsigned int i = 0;
	int ret;

	while (i < t->moves_nr) {
		const struct move *move = &t->moves[i];

		if (!move->by_address || move->source->owner.mm == t->to.owner.mm) {
			i++;
			continue;
		}
		if (!move->source->has_mm) {
			report_owner_gone(t, move);
			i++;
			continue;
		}
		ret = compare_some(t, i);
		if (ret < 0)
			return ret;
		i = ret;
	}
	return 0;
}

/* CHARGES */

static unsigned long limit_pages(const struct transfer *t)
{
	return task_rlimit(t->to.owner.task, RLIMIT_MEMLOCK) >> PAGE_SHIFT;
}

static void report_limit(struct transfer *t, enum dmaown_reason reason, size_t npages)
{
	struct dmaown_report report = {
		.reason = reason,
		.process = report_pid(t->to.owner.task),
		.value = (u64)npages << PAGE_SHIFT,
		.limit = task_rlimit(t->to.owner.task, RLIMIT_MEMLOCK),
	};

	report_add(t->reports, &report);
}

static bool same_payer(const struct transfer *t, const struct source *source)
{
	if (source->mode == DMAOWN_MODE_USER)
		return source->owner.user == t->to.owner.user;
	return source->owner.mm == t->to.owner.mm;
}

/*
 * What is pinned and what was charged for it differ only where an uncharge has failed, after the owner's
 * death (kernel: pages.c, update_mm_locked_vm()). Who stays the payer is charged or uncharged just that.
 */
static size_t to_charge(const struct transfer *t, const struct source *source)
{
	if (!same_payer(t, source))
		return source->npinned;
	return source->npinned > source->charged ? source->npinned - source->charged : 0;
}

static size_t to_release(const struct transfer *t, const struct source *source)
{
	if (!same_payer(t, source))
		return source->charged;
	return source->charged > source->npinned ? source->charged - source->npinned : 0;
}

static void sum_charges(struct transfer *t)
{
	unsigned int i;

	t->charge_user = 0;
	t->charge_mm = 0;
	for (i = 0; i < t->sources_nr; i++) {
		const struct source *source = t->sources[i];

		if (source->mode == DMAOWN_MODE_USER)
			t->charge_user += to_charge(t, source);
		else if (source->mode == DMAOWN_MODE_MM)
			t->charge_mm += to_charge(t, source);
	}
}

/* The dry run's answer. The counters are others' to change: charge() decides. */
static void check_limits(struct transfer *t)
{
	size_t locked;

	locked = atomic_long_read(&t->to.owner.user->locked_vm) + t->charge_user;
	if (t->charge_user && locked > limit_pages(t))
		report_limit(t, DMAOWN_REASON_LIMIT_USER, locked);
	locked = READ_ONCE(t->to.owner.mm->locked_vm) + t->charge_mm;
	if (t->charge_mm && locked > limit_pages(t))
		report_limit(t, DMAOWN_REASON_LIMIT_MM, locked);
}

/* As the kernel's pages.c does when it pins in mode user. */
static bool charge_user(struct transfer *t)
{
	struct user_struct *user = t->to.owner.user;
	long locked = atomic_long_read(&user->locked_vm);

	do {
		if (locked + t->charge_user > limit_pages(t)) {
			report_limit(t, DMAOWN_REASON_LIMIT_USER, locked + t->charge_user);
			return false;
		}
	} while (!atomic_long_try_cmpxchg(&user->locked_vm, &locked, locked + t->charge_user));
	return true;
}

/* As in mode mm. 0, -EBUSY, or -ENOMEM with a report. */
static int charge_mm(struct transfer *t)
{
	unsigned long locked;
	int ret;

	ret = memory_account(t->to.owner.mm, t->charge_mm, true, t->to.owner.task, &locked);
	if (ret == -EBUSY)
		obstacle(t, DMAOWN_REASON_LOCKED, NULL, 0, 0);
	else if (ret)
		report_limit(t, DMAOWN_REASON_LIMIT_MM, locked);
	return ret;
}

static int charge(struct transfer *t)
{
	int ret = 0;

	if (t->charge_user && !charge_user(t))
		return -ENOMEM;
	if (t->charge_mm)
		ret = charge_mm(t);
	if (ret && t->charge_user)
		atomic_long_sub(t->charge_user, &t->to.owner.user->locked_vm);
	return ret;
}

/* THE CHANGE */

static void commit(struct transfer *t)
{
	const struct owner *to = &t->to.owner;
	unsigned int i;

	if (!t->moves_nr)
		return;
	/* A reference on each part of the new owner for each pages object. */
	refcount_add(t->moves_nr, &to->task->usage);
	atomic_add(t->moves_nr, &to->mm->mm_count);
	refcount_add(t->moves_nr, &to->user->__count);

	for (i = 0; i < t->moves_nr; i++)
		pages_set_owner(t->moves[i].pages, to);
	for (i = 0; i < t->sources_nr; i++) {
		const struct source *source = t->sources[i];

		atomic64_add(source->npinned, &to->mm->pinned_vm);
		atomic64_sub(source->charged, &source->owner.mm->pinned_vm);
	}
}

static void source_put(struct source *source)
{
	if (source->has_mm)
		mmput(source->owner.mm);
	owner_put(&source->owner);
}

/* The struct is the worker's own by now. */
static void uncharge_late(struct work_struct *work)
{
	struct source *source = container_of(work, struct source, work);

	mmap_write_lock(source->owner.mm);
	__account_locked_vm(source->owner.mm, source->charged, false, source->owner.task, true);
	mmap_write_unlock(source->owner.mm);
	source_put(source);
	kfree(source);
}

static bool try_uncharge_mm(struct source *source)
{
	unsigned int tries;
	unsigned long locked;

	for (tries = 0; memory_account(source->owner.mm, source->charged, false, NULL, &locked); tries++) {
		if (tries == SETTLE_TRIES)
			return false;
		usleep_range(500, 1000);
	}
	return true;
}

/*
 * Takes off an old owner what was charged to it, after everything is unlocked. VmLck is changed under
 * mmap_lock, which the old owner may have stalled for as long as it likes: then a worker waits for it, not
 * the caller. With the address space gone there is nothing to take it off.
 */
static void release(struct transfer *t, unsigned int at)
{
	struct source *source = t->sources[at];
	size_t npages = to_release(t, source);

	if (!npages)
		return;
	if (source->mode == DMAOWN_MODE_USER) {
		atomic_long_sub(npages, &source->owner.user->locked_vm);
	} else if (source->mode == DMAOWN_MODE_MM && source->has_mm) {
		source->charged = npages;
		if (try_uncharge_mm(source))
			return;
		t->sources[at] = NULL;
		INIT_WORK(&source->work, uncharge_late);
		queue_work(workqueue, &source->work);
	}
}

/* Drops the references that the pages objects had on an old owner; the source has its own. */
static void drop_references(const struct source *source)
{
	const struct owner *owner = &source->owner;

	WARN_ON_ONCE(refcount_sub_and_test(source->moves, &owner->task->usage));
	WARN_ON_ONCE(atomic_sub_and_test(source->moves, &owner->mm->mm_count));
	WARN_ON_ONCE(refcount_sub_and_test(source->moves, &owner->user->__count));
}

static void settle(struct transfer *t)
{
	unsigned int i;

	for (i = 0; i < t->sources_nr; i++) {
		drop_references(t->sources[i]);
		release(t, i);
	}
}

/* ATTEMPTS */

static void fill_results(struct transfer *t)
{
	struct dmaown_transfer *arg = t->arg;
	unsigned int i;

	arg->contexts = t->contexts.nr;
	arg->areas = t->areas;
	arg->areas_total = t->areas_total;
	arg->pages_objects = t->moves_nr;
	arg->pinned = 0;
	for (i = 0; i < t->sources_nr; i++)
		arg->pinned += (u64)t->sources[i]->npinned << PAGE_SHIFT;
	arg->charged_user = (u64)t->charge_user << PAGE_SHIFT;
	arg->charged_mm = (u64)t->charge_mm << PAGE_SHIFT;
}

/* Everything that is done under the locks. 1: changed. */
static int attempt_locked(struct transfer *t)
{
	int ret;

	ret = collect(t);
	if (ret)
		return ret;
	ret = compare_memory(t);
	if (ret)
		return ret;
	sum_charges(t);
	fill_results(t);
	if (t->reports->total || (t->arg->flags & DMAOWN_TRANSFER_DRY_RUN)) {
		check_limits(t);
		return reports_error(t->reports);
	}
	ret = charge(t);
	if (ret)
		return ret;
	commit(t);
	return 1;
}

static void forget_collected(struct transfer *t)
{
	unsigned int i, kept = 0;

	for (i = 0; i < t->sources_nr; i++)
		if (t->sources[i])
			source_put(t->sources[i]);
	/* One that a worker has taken leaves a hole. */
	for (i = 0; i < t->sources_room; i++)
		if (t->sources[i])
			t->sources[kept++] = t->sources[i];
	t->sources_room = kept;
	t->sources_nr = 0;
	t->moves_nr = 0;
	t->areas = 0;
	t->areas_total = 0;
	t->areas_from = 0;
	t->areas_shared = 0;
	pageset_clear(&t->shared);
}

static int attempt_in_contexts(struct transfer *t)
{
	struct lockset_place place = {};
	int ret;

	do {
		ret = lockset_lock(t->set, &place);
	} while (ret == -EAGAIN && !fatal_signal_pending(current));
	if (ret == -EBUSY)
		return obstacle(t, DMAOWN_REASON_LOCKED, &place, 0, 0);
	if (ret)
		return ret;

	if (process_hold(&t->to)) {
		ret = attempt_locked(t);
		process_release(&t->to);
	} else {
		ret = obstacle(t, DMAOWN_REASON_FLUX, NULL, 0, 0);
	}
	lockset_unlock(t->set);
	if (ret == 1) {
		settle(t);
		ret = 0;
	}
	forget_collected(t);
	return ret;
}

static int attempt(struct transfer *t)
{
	int ret;

	reports_clear(t->reports);
	ret = make_room(t);
	if (ret)
		return ret;
	ret = process_get(&t->arg->to, &t->to);
	if (ret) {
		report_process(t, DMAOWN_REASON_NO_PROCESS, t->arg->to.pid);
		return ret;
	}
	t->to_tgid = t->to.owner.task->tgid;
	t->to_start = t->to.owner.task->start_boottime;
	ret = contexts_get(&t->contexts, &t->to, t->files, t->arg->nr_files, t->reports);
	if (ret == -EBUSY)
		ret = obstacle(t, DMAOWN_REASON_LOCKED, NULL, 0, 0);
	if (!ret)
		ret = reports_error(t->reports);
	if (ret)
		goto out_contexts;

	t->set = lockset_alloc(t->contexts.array, t->contexts.nr);
	if (IS_ERR(t->set)) {
		ret = PTR_ERR(t->set);
		goto out_contexts;
	}
	ret = attempt_in_contexts(t);
	lockset_free(t->set);
out_contexts:
	contexts_put(&t->contexts);
	process_put(&t->to);
	return ret;
}

/* Sleeps for a while that grows. -EBUSY: the time is over; -EINTR: a signal came. */
static int wait_a_while(struct transfer *t, u64 *wait_ns)
{
	ktime_t until = ktime_add_ns(ktime_get(), *wait_ns);

	if (ktime_compare(ktime_get(), t->deadline) >= 0)
		return -EBUSY;
	if (ktime_compare(until, t->deadline) > 0)
		until = t->deadline;
	*wait_ns = min(*wait_ns * 2, WAIT_MAX_NS);

	set_current_state(TASK_INTERRUPTIBLE);
	if (!signal_pending(current))
		schedule_hrtimeout(&until, HRTIMER_MODE_ABS);
	__set_current_state(TASK_RUNNING);
	return signal_pending(current) ? -EINTR : 0;
}

static int attempts(struct transfer *t)
{
	u64 wait_ns = WAIT_MIN_NS;
	int ret;

	for (;;) {
		ret = attempt(t);
		/* Short of room, which is made before the next one. */
		if (ret == -EAGAIN && !signal_pending(current))
			continue;
		if (ret == -EAGAIN)
			return -EINTR;
		if (ret != -EBUSY)
			return ret;
		t->arg->retries++;
		ret = wait_a_while(t, &wait_ns);
		if (ret == -EBUSY) {
			reports_clear(t->reports);
			report_add(t->reports, &t->obstacle);
		}
		if (ret)
			return ret;
	}
}

/* A dead process is named by both numbers, in the initial namespace. */
static int resolve_from(struct transfer *t)
{
	const struct dmaown_process *from = &t->arg->from;
	struct task_struct *task;

	if (!from->pid)
		return 0;
	task = process_find(from);
	if (!IS_ERR(task)) {
		t->from_tgid = task->tgid;
		t->from_start = task->start_boottime;
		put_task_struct(task);
		return 0;
	}
	if ((from->flags & DMAOWN_PROCESS_INITIAL) && from->start) {
		t->from_tgid = from->pid;
		t->from_start = from->start;
		return 0;
	}
	report_process(t, DMAOWN_REASON_NO_PROCESS, from->pid);
	return -ESRCH;
}

static void count(const struct dmaown_transfer *arg, int ret)
{
	atomic64_add(arg->retries, &counters.retries);
	if (arg->flags & DMAOWN_TRANSFER_DRY_RUN)
		return;
	if (ret) {
		atomic64_inc(&counters.refusals);
	} else if (arg->areas) {
		atomic64_inc(&counters.transfers);
		atomic64_add(arg->areas, &counters.areas);
		atomic64_add(arg->pinned, &counters.npinned);
	}
}

static void tell(const struct transfer *t, int ret)
{
	const struct dmaown_transfer *arg = t->arg;
	struct record_event event = {};

	if (arg->flags & DMAOWN_TRANSFER_DRY_RUN)
		return;
	record_set(&event, event, event, ret ? DMAOWN_EVENT_REFUSAL : DMAOWN_EVENT_TRANSFER);
	record_set(&event, event, caller, current->tgid);
	record_set(&event, event, to, t->to_tgid);
	record_set(&event, event, to_start, t->to_start);
	if (t->from_tgid) {
		record_set(&event, event, from, t->from_tgid);
		record_set(&event, event, from_start, t->from_start);
	}
	record_set(&event, event, contexts, arg->contexts);
	if (ret) {
		record_set(&event, event, error, -ret);
		if (t->reports->total)
			record_set_string(&event, event, reason, reason_name(t->reports->first_reason));
	} else {
		record_set(&event, event, areas, arg->areas);
		record_set(&event, event, pinned, arg->pinned);
	}
	event_send(&event);
}

int transfer(struct dmaown_transfer *arg, const struct dmaown_file *files, struct reports *reports)
{
	struct transfer t = { .arg = arg, .files = files, .reports = reports };
	int ret;

	t.sources_want = 4;
	t.deadline = ktime_add_ms(ktime_get(), arg->timeout_ms);
	pageset_init(&t.shared);
	ret = resolve_from(&t);
	if (!ret)
		ret = attempts(&t);
	if (ret == -ENOMEM && !reports->total)
		report_process(&t, DMAOWN_REASON_NO_MEMORY, 0);
	free_room(&t);
	count(arg, ret);
	tell(&t, ret);
	return ret;
}

void transfer_status(struct record_status *rec)
{
	record_set(rec, status, transfers, atomic64_read(&counters.transfers));
	record_set(rec, status, refusals, atomic64_read(&counters.refusals));
	record_set(rec, status, retries, atomic64_read(&counters.retries));
	record_set(rec, status, areas, atomic64_read(&counters.areas));
	record_set(rec, status, pinned, atomic64_read(&counters.npinned));
}

int __init transfer_init(void)
{
	workqueue = alloc_workqueue("dmaown", WQ_UNBOUND, 0);
	return workqueue ? 0 : -ENOMEM;
}

/* Waits for what is left to workers. */
void transfer_exit(void)
{
	destroy_workqueue(workqueue);
}

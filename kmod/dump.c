// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/kdev_t.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#include "dump.h"
#include "id.h"
#include "reason.h"
#include "snapshot.h"
#include "status.h"
#include "totals.h"

/* Time for which a dump waits for locks of contexts in all, in milliseconds */
#define DUMP_WAIT 50

struct dump {
	enum record_kind kind;
	int error;
	bool inconsistent;
	bool of_module; /* records of the module itself, all made by dmaown_dump_open() */
	struct wait_budget budget;
	struct snapshot snapshot;
	bool in_context;      /* the current context of the snapshot has more records */
	struct cursor cursor; /* in the current context */
	struct ptrset seen;   /* shared pages objects of the current context, already shown */

	/* Records that dmaown_dump_next() has not returned yet. */
	union record *records;
	unsigned int records_nr;
	unsigned int records_room;
	unsigned int records_at;
};

/* PROCESSES AND USERS IN THE READER'S NAMESPACES */

#define set_uid(rec, r, kuid)                                      \
	do {                                                       \
		uid_t uid_ = from_kuid(current_user_ns(), (kuid)); \
		if (uid_ != (uid_t)-1)                             \
			record_set(rec, r, uid, uid_);             \
	} while (0)

#define set_pid(rec, r, number)                        \
	do {                                           \
		pid_t pid_ = (number);                 \
		if (pid_)                              \
			record_set(rec, r, pid, pid_); \
	} while (0)

/* RECORDS READY FOR THE READER */

static int dump_reserve(struct dump *dump, unsigned int nr)
{
	union record *records;

	if (nr <= dump->records_room)
		return 0;
	if (nr > INT_MAX / sizeof(*records))
		return -ENOMEM;
	records = kvmalloc_array(nr, sizeof(*records), GFP_KERNEL_ACCOUNT);
	if (!records)
		return -ENOMEM;
	kvfree(dump->records);
	dump->records = records;
	dump->records_room = nr;
	return 0;
}

/* There is room: a caller that adds more than BATCH records reserves it first. */
static union record *dump_add(struct dump *dump)
{
	union record *rec = &dump->records[dump->records_nr++];

	memset(rec, 0, sizeof(*rec));
	return rec;
}

/* ONE FUNCTION FOR EACH KIND OF RECORD */

static void dump_holding_process(struct holder_record *rec, const struct holder *holder)
{
	set_pid(rec, holder, pid_nr_ns(holder->pid, task_active_pid_ns(current)));
	record_set(rec, holder, start, holder->start);
	record_set_string(rec, holder, comm, holder->comm);
	set_uid(rec, holder, holder->uid);
}

/* Only a process with a descriptor of the context itself can map areas. */
static void dump_allowance(struct holder_record *rec, const struct holder *holder)
{
	const struct allowance *allowance = &holder->allowance;

	record_set(rec, holder, kind, holder->kind);
	if (holder->via != DMAOWN_VIA_CONTEXT)
		return;
	record_set(rec, holder, mode, allowance->mode);
	if (allowance->mode == DMAOWN_MODE_NONE)
		return;
	record_set(rec, holder, used, allowance->used);
	if (!allowance->limited)
		return;
	record_set(rec, holder, limit, allowance->limit);
	record_set(rec, holder, headroom,
		   allowance->limit > allowance->used ? allowance->limit - allowance->used : 0);
}

static unsigned int dump_holder_files(const struct holder *holder)
{
	return holder->via == DMAOWN_VIA_UNKNOWN ? holder->opens : holder->files;
}

static void dump_holder(struct dump *dump, const struct holder *holder)
{
	struct holder_record *rec = &dump_add(dump)->holder;

	if (holder->context)
		record_set(rec, holder, context, holder->context);
	if (holder->pid)
		dump_holding_process(rec, holder);
	if (holder->via)
		record_set(rec, holder, via, holder->via);
	if (holder->fd != NO_FD)
		record_set(rec, holder, fd, holder->fd);
	if (*holder->device)
		record_set_string(rec, holder, device, holder->device);
	record_set(rec, holder, busy, holder->busy);
	record_set(rec, holder, unseen, holder->unseen);
	if (holder->via == DMAOWN_VIA_MAPPING)
		record_set(rec, holder, addr, holder->addr);
	if (dump_holder_files(holder))
		record_set(rec, holder, files, dump_holder_files(holder));
	if (*holder->device)
		record_set(rec, holder, removing, holder->removing);
	if (holder->context)
		dump_allowance(rec, holder);
}

/*
 * DEVICES THAT THE CONTEXT DOES NOT LIST: emulated devices of kind iommufd, and devices of kind
 * type1 that are being removed. Only their files show them.
 */

static bool dump_lists_device(const struct context_totals *totals, const char *device)
{
	unsigned int i;

	for (i = 0; i < totals->nr; i++)
		if (totals->objects[i].object.type == OBJECT_DEVICE &&
		    !strcmp(totals->objects[i].object.name, device))
			return true;
	return false;
}

/*
 * Find the next holder of the current context, from *i on, that stands for such a device, and move
 * *i after it. Return: the holder, or NULL.
 */
static const struct holder *dump_next_other(const struct dump *dump,
					    const struct context_totals *totals, unsigned int *i)
{
	const struct snapshot *snapshot = &dump->snapshot;

	while (*i < snapshot->end && !fatal_signal_pending(current)) {
		const struct holder *holder = &snapshot->holders[(*i)++];

		cond_resched();
		if (dmaown_snapshot_stands_for_device(snapshot, holder) &&
		    !dump_lists_device(totals, holder->device))
			return holder;
	}
	return NULL;
}

static unsigned int dump_count_others(const struct dump *dump, const struct context_totals *totals)
{
	unsigned int i = dump->snapshot.first, nr = 0;

	while (dump_next_other(dump, totals, &i))
		nr++;
	return nr;
}

/* Most contexts have one owner. With it in the record, a listing of contexts needs no areas. */
static void dump_only_owner(struct context_record *rec, const struct owner *owner)
{
	pid_t pid = dmaown_process_pid(owner->task, task_active_pid_ns(current));

	record_set(rec, context, owner, dmaown_process_id(owner->task));
	if (pid)
		record_set(rec, context, owner_pid, pid);
	record_set(rec, context, owner_state, dmaown_owner_state(owner));
}

static void dump_context(struct dump *dump, struct context ctx, const struct context_totals *totals,
			 const struct owner_totals *owners)
{
	struct context_record *rec = &dump_add(dump)->context;
	unsigned int i;

	record_set(rec, context, context, dmaown_context_id(ctx));
	record_set(rec, context, kind, dmaown_context_kind(ctx));
	record_set(rec, context, mode, dmaown_context_mode(ctx));
	record_set(rec, context, holders, dmaown_snapshot_processes(&dump->snapshot));
	record_set(rec, context, owners, owners->nr);
	rec->devices = dump_count_others(dump, totals);
	if (owners->nr == 1)
		dump_only_owner(rec, &owners->array[0].owner);
	for (i = 0; i < totals->nr; i++) {
		const struct object_total *total = &totals->objects[i];

		rec->ioases += total->object.type == OBJECT_IOAS;
		rec->hwpts += total->object.type == OBJECT_HWPT;
		rec->devices += total->object.type == OBJECT_DEVICE;
		rec->busy += total->busy;
		if (total->busy)
			continue;
		rec->accesses += total->accesses;
		rec->areas += total->areas;
		rec->mapped += total->mapped;
		rec->pinned += total->npinned << PAGE_SHIFT;
	}
	record_known(rec, context, ioases);
	record_known(rec, context, hwpts);
	record_known(rec, context, devices);
	record_known(rec, context, busy);
	record_known(rec, context, accesses);
	record_known(rec, context, areas);
	record_known(rec, context, mapped);
	record_known(rec, context, pinned);
}

static void dump_ioas(struct dump *dump, struct context ctx, const struct object_total *total)
{
	struct ioas_record *rec = &dump_add(dump)->ioas;

	record_set(rec, ioas, context, dmaown_context_id(ctx));
	record_set(rec, ioas, kind, dmaown_context_kind(ctx));
	record_set(rec, ioas, ioas, total->object.id);
	record_set(rec, ioas, hwpts, total->hwpts);
	record_set(rec, ioas, devices, total->devices);
	record_set(rec, ioas, alignment, total->object.alignment);
	record_set(rec, ioas, busy, total->busy);
	if (total->busy)
		return;
	record_set(rec, ioas, accesses, total->accesses);
	record_set(rec, ioas, areas, total->areas);
	record_set(rec, ioas, mapped, total->mapped);
	record_set(rec, ioas, pinned, total->npinned << PAGE_SHIFT);
}

static void dump_hwpt(struct dump *dump, struct context ctx, const struct object_total *total)
{
	struct hwpt_record *rec = &dump_add(dump)->hwpt;

	record_set(rec, hwpt, context, dmaown_context_id(ctx));
	record_set(rec, hwpt, hwpt, total->object.id);
	if (total->ioas)
		record_set(rec, hwpt, ioas, total->ioas);
	record_set(rec, hwpt, type, total->object.nested ? DMAOWN_HWPT_NESTED : DMAOWN_HWPT_PAGING);
	record_set(rec, hwpt, auto_domain, total->object.auto_domain);
	record_set(rec, hwpt, devices, total->devices);
}

/* The count can be wrong if a file is opened, closed or locked meanwhile. */
static void dump_device_opens(struct dump *dump, struct device_record *rec, const char *device,
			      unsigned int opens)
{
	unsigned int files;
	bool locked;

	files = dmaown_snapshot_device_files(&dump->snapshot, 0, device, &locked);
	record_set(rec, device, opens, opens);
	if (!locked)
		record_set(rec, device, unknown, opens > files ? opens - files : 0);
}

static void dump_other_device(struct dump *dump, struct context ctx, const struct holder *holder)
{
	struct device_record *rec = &dump_add(dump)->device;

	record_set(rec, device, context, dmaown_context_id(ctx));
	record_set(rec, device, kind, dmaown_context_kind(ctx));
	record_set_string(rec, device, device, holder->device);
	dump_device_opens(dump, rec, holder->device, holder->opens);
	record_set(rec, device, removing, holder->removing);
}

static void dump_device(struct dump *dump, struct context ctx, const struct object_total *total)
{
	struct device_record *rec = &dump_add(dump)->device;

	record_set(rec, device, context, dmaown_context_id(ctx));
	record_set(rec, device, kind, dmaown_context_kind(ctx));
	record_set(rec, device, id, total->object.id);
	record_set_string(rec, device, device, total->object.name);
	if (total->hwpt)
		record_set(rec, device, hwpt, total->hwpt);
	if (total->ioas)
		record_set(rec, device, ioas, total->ioas);
	record_set(rec, device, removing, total->object.removing);
	if (total->object.has_opens)
		dump_device_opens(dump, rec, total->object.name, total->object.opens);
}

static void dump_area_owner(struct area_record *rec, const struct area *area)
{
	struct task_struct *task = area->owner.task;

	record_set(rec, area, owner, dmaown_process_id(task));
	set_pid(rec, area, dmaown_process_pid(task, task_active_pid_ns(current)));
	record_set(rec, area, start, task->start_boottime);
	record_set(rec, area, state, dmaown_owner_state(&area->owner));
	set_uid(rec, area, dmaown_owner_uid(&area->owner));
}

static void dump_area(struct dump *dump, struct context ctx, u64 context, const struct area *area)
{
	struct area_record *rec = &dump_add(dump)->area;
	u64 pinned;

	record_set(rec, area, context, context);
	record_set(rec, area, kind, dmaown_context_kind(ctx));
	record_set(rec, area, ioas, area->ioas);
	record_set(rec, area, iova, area->iova);
	record_set(rec, area, length, area->last - area->iova + 1);
	record_set(rec, area, readable, area->readable);
	record_set(rec, area, writable, area->writable);
	record_set(rec, area, busy, 0);
	if (!area->pages)
		return;

	record_set(rec, area, source, area->source);
	if (area->source == DMAOWN_SOURCE_ADDRESS)
		record_set(rec, area, addr, area->start);
	else
		record_set(rec, area, offset, area->start);
	if (area->source == DMAOWN_SOURCE_FILE) {
		record_set(rec, area, file_major, MAJOR(area->file_dev));
		record_set(rec, area, file_minor, MINOR(area->file_dev));
		record_set(rec, area, file_inode, area->file_inode);
	}
	record_set(rec, area, pages, dmaown_id_of_pages(area->pages));
	record_set(rec, area, sharers, area->sharers);
	pinned = dmaown_shown_first(&dump->seen, area) ? (u64)area->npinned << PAGE_SHIFT : 0;
	record_set(rec, area, pinned, pinned);
	record_set(rec, area, accesses, area->accesses);
	record_set(rec, area, invalid, area->invalid);
	record_set(rec, area, mode, area->mode);
	dump_area_owner(rec, area);
}

static void dump_busy_area(struct dump *dump, u64 context, enum dmaown_kind kind, u32 ioas)
{
	struct area_record *rec = &dump_add(dump)->area;

	record_set(rec, area, context, context);
	record_set(rec, area, kind, kind);
	if (ioas)
		record_set(rec, area, ioas, ioas);
	record_set(rec, area, busy, 1);
}

/*
 * Sum the pages that iommufd has charged in mode user. charged: users; values: their pages. Return:
 * 0 or -ENOMEM.
 */
static int dump_sum_charged(struct ptrset *charged, const struct owner_totals *totals)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < totals->nr && !ret; i++) {
		const struct owner_total *total = &totals->array[i];

		if (total->mode != DMAOWN_MODE_USER || !total->owner.user)
			continue;
		ret = dmaown_ptrset_reserve(charged, charged->used + 1);
		if (ret)
			break;
		dmaown_ptrset_add(charged, total->owner.user);
		*dmaown_ptrset_value(charged, total->owner.user) += total->npinned;
		cond_resched();
	}
	return ret;
}

static u64 dump_user_charged(const struct ptrset *charged, const struct user_struct *user)
{
	u64 npinned = 0;

	if (dmaown_ptrset_count(charged, user))
		npinned = *dmaown_ptrset_value(charged, user);
	return npinned << PAGE_SHIFT;
}

static void dump_owner_limit(struct owner_record *rec, const struct owner_total *total, u64 used)
{
	u64 limit = task_rlimit(total->owner.task, RLIMIT_MEMLOCK);

	record_set(rec, owner, used, used);
	if (limit == RLIM_INFINITY || rec->state == DMAOWN_STATE_DEAD || total->unlimited)
		return;
	record_set(rec, owner, limit, limit);
	record_set(rec, owner, headroom, limit > used ? limit - used : 0);
}

static void dump_owner(struct dump *dump, const struct ptrset *charged_users,
		       const struct owner_total *total, unsigned int busy)
{
	struct owner_record *rec = &dump_add(dump)->owner;
	struct task_struct *task = total->owner.task;
	struct user_struct *user = dmaown_owner_user(&total->owner);
	struct mm_struct *mm = total->owner.mm;
	u64 pinned = total->npinned << PAGE_SHIFT;
	u64 locked = (u64)atomic_long_read(&user->locked_vm) << PAGE_SHIFT;
	u64 charged = dump_user_charged(charged_users, user);
	u64 mm_locked = (u64)READ_ONCE(mm->locked_vm) << PAGE_SHIFT;

	record_set(rec, owner, owner, dmaown_process_id(task));
	set_pid(rec, owner, dmaown_process_pid(task, task_active_pid_ns(current)));
	record_set(rec, owner, start, task->start_boottime);
	record_set(rec, owner, state, dmaown_owner_state(&total->owner));
	if (dmaown_process_comm(task, rec->comm))
		record_known(rec, owner, comm);
	set_uid(rec, owner, user->uid);
	record_set(rec, owner, mode, total->mode);
	record_set(rec, owner, kind, total->kind);
	record_set(rec, owner, contexts, total->contexts);
	record_set(rec, owner, areas, total->areas);
	record_set(rec, owner, pinned, pinned);
	record_set(rec, owner, charged, total->mode == DMAOWN_MODE_NONE ? 0 : pinned);
	record_set(rec, owner, user_locked, locked);
	record_set(rec, owner, user_other, locked > charged ? locked - charged : 0);
	record_set(rec, owner, busy, busy);
	if (total->mode == DMAOWN_MODE_USER)
		dump_owner_limit(rec, total, locked);
	free_uid(user);

	/*
	 * References keep the struct, but its counters are valid only while the address space has
	 * users.
	 */
	if (!atomic_read(&mm->mm_users))
		return;
	record_set(rec, owner, vm_pinned, (u64)atomic64_read(&mm->pinned_vm) << PAGE_SHIFT);
	record_set(rec, owner, vm_locked, mm_locked);
	if (total->mode == DMAOWN_MODE_MM)
		dump_owner_limit(rec, total, mm_locked);
}

/* RECORDS OF A CONTEXT */

static bool dump_is_kind(const struct dump *dump, const struct object_total *total)
{
	return (dump->kind == RECORD_IOAS && total->object.type == OBJECT_IOAS) ||
	       (dump->kind == RECORD_HWPT && total->object.type == OBJECT_HWPT) ||
	       (dump->kind == RECORD_DEVICE && total->object.type == OBJECT_DEVICE);
}

static void dump_other_devices(struct dump *dump, struct context ctx,
			       const struct context_totals *totals)
{
	unsigned int i = dump->snapshot.first;
	const struct holder *holder;

	while ((holder = dump_next_other(dump, totals, &i)))
		dump_other_device(dump, ctx, holder);
}

static int dump_objects(struct dump *dump, struct context ctx, const struct context_totals *totals)
{
	unsigned int others = 0;
	unsigned int i;
	int ret;

	if (dump->kind == RECORD_DEVICE)
		others = dump_count_others(dump, totals);
	ret = dump_reserve(dump, totals->nr + others);
	for (i = 0; i < totals->nr && !ret; i++) {
		const struct object_total *total = &totals->objects[i];

		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		if (!dump_is_kind(dump, total))
			continue;
		if (dump->kind == RECORD_IOAS)
			dump_ioas(dump, ctx, total);
		else if (dump->kind == RECORD_HWPT)
			dump_hwpt(dump, ctx, total);
		else
			dump_device(dump, ctx, total);
	}
	if (others && !ret)
		dump_other_devices(dump, ctx, totals);
	return ret;
}

/* Add a context, or all of its objects. One pass over the areas counts for all of them. */
static int dump_fill_totals(struct dump *dump, struct context ctx)
{
	struct owner_totals owners = {};
	struct context_totals totals = {};
	int ret;

	ret = dmaown_totals_objects(&totals, ctx, &dump->budget);
	if (!ret && (dump->kind == RECORD_CONTEXT || dump->kind == RECORD_IOAS))
		ret = dmaown_totals_areas(&totals, ctx, &dump->budget, &owners);
	if (ret)
		goto out;
	if (dump->kind == RECORD_CONTEXT)
		dump_context(dump, ctx, &totals, &owners);
	else
		ret = dump_objects(dump, ctx, &totals);
out:
	dmaown_owner_totals_free(&owners);
	dmaown_totals_free(&totals);
	dump->in_context = false;
	return ret;
}

static int dump_fill_accesses(struct dump *dump, struct context ctx)
{
	struct access *batch;
	int nr, i;

	batch = kvmalloc_array(BATCH, sizeof(*batch), GFP_KERNEL);
	if (!batch)
		return -ENOMEM;
	nr = dmaown_accesses_retry(&dump->budget, ctx, &dump->cursor, batch);
	/*
	 * An IOAS whose accesses are unavailable has no record: mark the listing as inconsistent.
	 */
	if (nr == -EAGAIN) {
		dump->inconsistent = true;
		cursor_skip(&dump->cursor);
	}
	for (i = 0; i < nr; i++) {
		struct access_record *rec = &dump_add(dump)->access;

		record_set(rec, access, context, dmaown_context_id(ctx));
		record_set(rec, access, id, batch[i].id);
		record_set(rec, access, ioas, batch[i].ioas);
	}
	kvfree(batch);
	dump->in_context = nr;
	return nr == -EAGAIN ? 0 : min(nr, 0);
}

static int dump_fill_areas(struct dump *dump, struct context ctx)
{
	u64 context = dmaown_context_id(ctx);
	struct area *batch;
	int nr, i;

	batch = kvmalloc_array(BATCH, sizeof(*batch), GFP_KERNEL);
	if (!batch || dmaown_ptrset_reserve(&dump->seen, dump->seen.used + BATCH)) {
		kvfree(batch);
		return -ENOMEM;
	}
	nr = dmaown_areas_retry(&dump->budget, ctx, &dump->cursor, batch);
	if (nr == -EAGAIN) {
		dump_busy_area(dump, context, dmaown_context_kind(ctx), dump->cursor.id);
		cursor_skip(&dump->cursor);
	}
	for (i = 0; i < nr; i++)
		dump_area(dump, ctx, context, &batch[i]);
	dmaown_areas_put(batch, max(nr, 0));
	kvfree(batch);
	dump->in_context = nr;
	return nr == -EAGAIN ? 0 : min(nr, 0);
}

static int dump_fill_from_context(struct dump *dump, struct context ctx)
{
	switch (dump->kind) {
	case RECORD_ACCESS:
		return dump_fill_accesses(dump, ctx);
	case RECORD_AREA:
		return dump_fill_areas(dump, ctx);
	default:
		return dump_fill_totals(dump, ctx);
	}
}

/* FILLING */

static bool dump_next_context(struct dump *dump)
{
	if (!dmaown_snapshot_next(&dump->snapshot))
		return false;
	dump->in_context = true;
	dump->cursor = (struct cursor){ .last_id = U32_MAX };
	dmaown_ptrset_clear(&dump->seen);
	return true;
}

/*
 * Get the current context by the files of its holders. Return: 0; -EAGAIN if it stays locked; or
 * another error.
 */
static int dump_reopen(struct dump *dump, struct context *ctx)
{
	int ret;

	do {
		ret = dmaown_snapshot_reopen(&dump->snapshot, ctx);
	} while (ret == -EAGAIN && lock_retry_after(&dump->budget, 500));
	if (!ret && !ctx->self)
		dump->inconsistent = true;
	return ret;
}

/* Add a context of which only the holders are known. */
static void dump_busy_context(struct dump *dump)
{
	u64 context = snapshot_context(&dump->snapshot);
	struct context_record *rec;

	if (dump->kind == RECORD_AREA) {
		dump_busy_area(dump, context, snapshot_kind(&dump->snapshot), 0);
		return;
	}
	/* An object that may not exist has no record: mark the listing as inconsistent. */
	if (dump->kind != RECORD_CONTEXT) {
		dump->inconsistent = true;
		return;
	}
	rec = &dump_add(dump)->context;
	record_set(rec, context, context, context);
	record_set(rec, context, kind, snapshot_kind(&dump->snapshot));
	record_set(rec, context, holders, dmaown_snapshot_processes(&dump->snapshot));
	record_set(rec, context, busy, 1);
}

/* Add records until there is at least one, or no context is left. */
static int dump_fill_from_contexts(struct dump *dump)
{
	struct context ctx;
	int ret = 0;

	while (!dump->records_nr && !ret) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		if (!dump->in_context && !dump_next_context(dump))
			break;
		ret = dump_reopen(dump, &ctx);
		if (ret || !ctx.self) {
			if (ret == -EAGAIN) {
				dump_busy_context(dump);
				ret = 0;
			}
			dump->in_context = false;
			continue;
		}
		ret = dump_fill_from_context(dump, ctx);
		dmaown_context_put(ctx);
		if (ret == -EAGAIN) {
			dump_busy_context(dump);
			ret = 0;
		}
	}
	return ret;
}

static int dump_add_owners(struct dump *dump, struct owner_totals *owners, unsigned int *busy)
{
	struct context_totals totals = {};
	struct context ctx;
	unsigned int i;
	int ret;

	ret = dump_reopen(dump, &ctx);
	if (ret || !ctx.self) {
		*busy += ret == -EAGAIN;
		return ret == -EAGAIN ? 0 : ret;
	}
	ret = dmaown_totals_objects(&totals, ctx, &dump->budget);
	if (!ret)
		ret = dmaown_totals_areas(&totals, ctx, &dump->budget, owners);
	dmaown_context_put(ctx);
	if (ret == -EAGAIN) {
		*busy += 1;
		ret = 0;
	}
	for (i = 0; i < totals.nr; i++)
		*busy += totals.objects[i].busy;
	dmaown_totals_free(&totals);
	return ret;
}

static int dump_all_owners(struct dump *dump, const struct owner_totals *owners, unsigned int busy)
{
	struct ptrset charged;
	unsigned int i;
	int ret;

	dmaown_ptrset_init(&charged);
	ret = dump_sum_charged(&charged, owners) ?: dump_reserve(dump, owners->nr);
	for (i = 0; i < owners->nr && !ret; i++) {
		dump_owner(dump, &charged, &owners->array[i], busy);
		if (fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	dmaown_ptrset_free(&charged);
	return ret;
}

/* An owner can own areas in many contexts: add up all of them first. */
static int dump_fill_owners(struct dump *dump)
{
	struct owner_totals owners = {};
	unsigned int busy = dmaown_snapshot_unknown(&dump->snapshot);
	int ret = 0;

	while (!ret && dmaown_snapshot_next(&dump->snapshot)) {
		ret = dump_add_owners(dump, &owners, &busy);
		if (fatal_signal_pending(current))
			ret = ret ?: -EINTR;
		cond_resched();
	}
	ret = ret ?: dump_all_owners(dump, &owners, busy);
	dmaown_owner_totals_free(&owners);
	return ret;
}

static int dump_fill_holders(struct dump *dump)
{
	struct snapshot *snapshot = &dump->snapshot;

	for (; snapshot->end < snapshot->nr && dump->records_nr < BATCH; snapshot->end++)
		dump_holder(dump, &snapshot->holders[snapshot->end]);
	return 0;
}

static void dump_fill_refusals(struct dump *dump)
{
	struct refusal_record *rec;
	u32 reason;

	/* Reason 0 counts refusals that had no reason. */
	for (reason = 0; reason < dmaown_reasons_end(); reason++) {
		if (reason && !*dmaown_reason_name(reason))
			continue;
		rec = &dump_add(dump)->refusal;
		if (reason)
			record_set_string(rec, refusal, reason, dmaown_reason_name(reason));
		record_set(rec, refusal, refusals, dmaown_refusals_for(reason));
	}
}

static int dump_fill(struct dump *dump)
{
	dump->records_at = 0;
	dump->records_nr = 0;
	switch (dump->kind) {
	case RECORD_HOLDER:
		return dump_fill_holders(dump);
	case RECORD_OWNER:
		return dump_fill_owners(dump);
	default:
		return dump_fill_from_contexts(dump);
	}
}

const union record *dmaown_dump_next(struct dump *dump)
{
	if (dump->records_at == dump->records_nr && !dump->error && !dump->of_module)
		dump->error = dump_fill(dump);
	if (dump->error)
		return ERR_PTR(dump->error);
	if (dump->records_at == dump->records_nr)
		return NULL;
	return &dump->records[dump->records_at++];
}

bool dmaown_dump_inconsistent(const struct dump *dump)
{
	return dump->inconsistent;
}

bool dmaown_dump_has_contexts(enum record_kind kind)
{
	return kind != RECORD_OWNER && kind != RECORD_REFUSAL && kind != RECORD_STATUS;
}

/* Add the records that need no look at processes. */
static int dump_fill_of_module(struct dump *dump)
{
	if (dump->kind == RECORD_STATUS)
		return dmaown_status_fill(&dump_add(dump)->status);
	dump_fill_refusals(dump);
	return 0;
}

struct dump *dmaown_dump_open(enum record_kind kind, u64 context)
{
	struct dump *dump = kzalloc(sizeof(*dump), GFP_KERNEL);
	int ret;

	if (!dump)
		return ERR_PTR(-ENOMEM);
	dump->kind = kind;
	dump->budget = wait_budget_of(DUMP_WAIT);
	dmaown_ptrset_init(&dump->seen);
	dump->of_module = kind == RECORD_STATUS || kind == RECORD_REFUSAL;
	ret = dump_reserve(dump, max(BATCH, dmaown_reasons_end()));
	if (!ret && dump->of_module)
		ret = dump_fill_of_module(dump);
	else if (!ret)
		ret = dmaown_snapshot_take(&dump->snapshot,
					   dmaown_dump_has_contexts(kind) ? context : 0);
	if (ret) {
		dmaown_dump_close(dump);
		return ERR_PTR(ret);
	}
	return dump;
}

void dmaown_dump_close(struct dump *dump)
{
	dmaown_snapshot_free(&dump->snapshot);
	kvfree(dump->records);
	dmaown_ptrset_free(&dump->seen);
	kfree(dump);
}

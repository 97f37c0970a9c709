// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cred.h>
#include <linux/err.h>
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
#include "report.h"
#include "snapshot.h"
#include "sums.h"

/* How long a whole dump waits for IOASes that are locked, in milliseconds. */
#define PATIENCE	50

struct dump {
	enum record_kind kind;
	int error;
	bool inconsistent;
	bool of_module;			/* what the module knows itself: all there from the start */
	struct patience patience;
	struct snapshot snapshot;
	bool in_context;		/* the snapshot's context at hand is not done with */
	struct cursor cursor;		/* in it */
	struct ptrset seen;		/* in it: shared pages objects that were shown already */

	/* Records ready to be fetched. */
	union record *records;
	unsigned int records_nr;
	unsigned int records_room;
	unsigned int records_at;
};

/* PROCESSES AND USERS, AS THE READER KNOWS THEM */

#define set_uid(rec, r, kuid)							\
	do {									\
		uid_t uid_ = from_kuid(current_user_ns(), (kuid));		\
		if (uid_ != (uid_t)-1)						\
			record_set(rec, r, uid, uid_);				\
	} while (0)

#define set_pid(rec, r, number)				\
	do {						\
		pid_t pid_ = (number);			\
		if (pid_)				\
			record_set(rec, r, pid, pid_);	\
	} while (0)

/* RECORDS WAITING TO BE FETCHED */

static int records_reserve(struct dump *dump, unsigned int nr)
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

/* There is room: whoever makes more than BATCH at once has reserved it. */
static union record *record_add(struct dump *dump)
{
	union record *rec = &dump->records[dump->records_nr++];

	memset(rec, 0, sizeof(*rec));
	return rec;
}

/* ONE KIND OF RECORD EACH */

static void holder_record(struct dump *dump, const struct holder *holder)
{
	struct record_holder *rec = &record_add(dump)->holder;

	if (holder->context)
		record_set(rec, holder, context, holder->context);
	set_pid(rec, holder, pid_nr_ns(holder->pid, task_active_pid_ns(current)));
	record_set(rec, holder, start, holder->start);
	record_set_string(rec, holder, comm, holder->comm);
	set_uid(rec, holder, holder->uid);
	record_set(rec, holder, via, holder->via);
	record_set(rec, holder, fd, holder->fd);
	if (holder->via != DMAOWN_VIA_CONTEXT)
		record_set_string(rec, holder, device, holder->device);
	record_set(rec, holder, busy, !holder->context);
}

/* Mostly there is one, and a listing of contexts needs no listing of areas to name it. */
static void only_owner(struct record_context *rec, const struct owner *owner)
{
	pid_t pid = process_pid(owner->task, task_active_pid_ns(current));

	record_set(rec, context, owner, process_id(owner->task));
	if (pid)
		record_set(rec, context, owner_pid, pid);
	record_set(rec, context, owner_state, owner_state(owner));
}

static void context_record(struct dump *dump, struct context ctx,
			   const struct context_sums *sums, const struct owner_sums *owners)
{
	struct record_context *rec = &record_add(dump)->context;
	unsigned int i;

	record_set(rec, context, context, context_id(ctx));
	record_set(rec, context, kind, context_kind(ctx));
	record_set(rec, context, mode, context_mode(ctx));
	record_set(rec, context, holders, snapshot_processes(&dump->snapshot));
	record_set(rec, context, owners, owners->nr);
	if (owners->nr == 1)
		only_owner(rec, &owners->sums[0].owner);
	for (i = 0; i < sums->nr; i++) {
		const struct object_sum *sum = &sums->objects[i];

		rec->ioases += sum->object.type == OBJECT_IOAS;
		rec->hwpts += sum->object.type == OBJECT_HWPT;
		rec->devices += sum->object.type == OBJECT_DEVICE;
		rec->busy += sum->busy;
		if (sum->busy)
			continue;
		rec->accesses += sum->accesses;
		rec->areas += sum->areas;
		rec->mapped += sum->mapped;
		rec->pinned += sum->npinned << PAGE_SHIFT;
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

static void ioas_record(struct dump *dump, struct context ctx, const struct object_sum *sum)
{
	struct record_ioas *rec = &record_add(dump)->ioas;

	record_set(rec, ioas, context, context_id(ctx));
	record_set(rec, ioas, kind, context_kind(ctx));
	record_set(rec, ioas, ioas, sum->object.id);
	record_set(rec, ioas, hwpts, sum->hwpts);
	record_set(rec, ioas, devices, sum->devices);
	record_set(rec, ioas, alignment, sum->object.alignment);
	record_set(rec, ioas, busy, sum->busy);
	if (sum->busy)
		return;
	record_set(rec, ioas, accesses, sum->accesses);
	record_set(rec, ioas, areas, sum->areas);
	record_set(rec, ioas, mapped, sum->mapped);
	record_set(rec, ioas, pinned, sum->npinned << PAGE_SHIFT);
}

static void hwpt_record(struct dump *dump, struct context ctx, const struct object_sum *sum)
{
	struct record_hwpt *rec = &record_add(dump)->hwpt;

	record_set(rec, hwpt, context, context_id(ctx));
	record_set(rec, hwpt, hwpt, sum->object.id);
	if (sum->ioas)
		record_set(rec, hwpt, ioas, sum->ioas);
	record_set(rec, hwpt, type, sum->object.nested ? DMAOWN_HWPT_NESTED : DMAOWN_HWPT_PAGING);
	record_set(rec, hwpt, auto_domain, sum->object.auto_domain);
	record_set(rec, hwpt, devices, sum->devices);
}

static void device_record(struct dump *dump, struct context ctx, const struct object_sum *sum)
{
	struct record_device *rec = &record_add(dump)->device;

	record_set(rec, device, context, context_id(ctx));
	record_set(rec, device, kind, context_kind(ctx));
	record_set(rec, device, id, sum->object.id);
	record_set_string(rec, device, device, sum->object.name);
	if (sum->hwpt)
		record_set(rec, device, hwpt, sum->hwpt);
	if (sum->ioas)
		record_set(rec, device, ioas, sum->ioas);
}

static void area_owner(struct record_area *rec, const struct area *area)
{
	struct task_struct *task = area->owner.task;

	record_set(rec, area, owner, process_id(task));
	set_pid(rec, area, process_pid(task, task_active_pid_ns(current)));
	record_set(rec, area, start, task->start_boottime);
	record_set(rec, area, state, owner_state(&area->owner));
	set_uid(rec, area, owner_uid(&area->owner));
}

static void area_record(struct dump *dump, struct context ctx, u64 context,
			const struct area *area)
{
	struct record_area *rec = &record_add(dump)->area;
	u64 pinned;

	record_set(rec, area, context, context);
	record_set(rec, area, kind, context_kind(ctx));
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
	record_set(rec, area, pages, id_of_pages(area->pages));
	record_set(rec, area, sharers, area->sharers);
	pinned = shown_first(&dump->seen, area) ? (u64)area->npinned << PAGE_SHIFT : 0;
	record_set(rec, area, pinned, pinned);
	record_set(rec, area, accesses, area->accesses);
	record_set(rec, area, invalid, area->invalid);
	record_set(rec, area, mode, area->mode);
	area_owner(rec, area);
}

static void busy_area_record(struct dump *dump, u64 context, enum dmaown_kind kind, u32 ioas)
{
	struct record_area *rec = &record_add(dump)->area;

	record_set(rec, area, context, context);
	record_set(rec, area, kind, kind);
	if (ioas)
		record_set(rec, area, ioas, ioas);
	record_set(rec, area, busy, 1);
}

/* How many pages of a user's are locked through iommufd in mode user. */
static u64 user_charged(const struct owner_sums *sums, const struct user_struct *user)
{
	unsigned int i;
	u64 npinned = 0;

	for (i = 0; i < sums->nr; i++)
		if (sums->sums[i].owner.user == user && sums->sums[i].mode == DMAOWN_MODE_USER)
			npinned += sums->sums[i].npinned;
	return npinned;
}

static void owner_limit(struct record_owner *rec, const struct owner_sum *sum, u64 used)
{
	u64 limit = task_rlimit(sum->owner.task, RLIMIT_MEMLOCK);

	record_set(rec, owner, used, used);
	if (limit == RLIM_INFINITY || rec->state == DMAOWN_STATE_DEAD || sum->unlimited)
		return;
	record_set(rec, owner, limit, limit);
	record_set(rec, owner, headroom, limit > used ? limit - used : 0);
}

static void owner_record(struct dump *dump, const struct owner_sums *sums,
			 const struct owner_sum *sum, unsigned int busy)
{
	struct record_owner *rec = &record_add(dump)->owner;
	struct task_struct *task = sum->owner.task;
	struct user_struct *user = owner_user(&sum->owner);
	struct mm_struct *mm = sum->owner.mm;
	u64 pinned = sum->npinned << PAGE_SHIFT;
	u64 locked = (u64)atomic_long_read(&user->locked_vm) << PAGE_SHIFT;
	u64 charged = user_charged(sums, user) << PAGE_SHIFT;
	u64 mm_locked = (u64)READ_ONCE(mm->locked_vm) << PAGE_SHIFT;

	record_set(rec, owner, owner, process_id(task));
	set_pid(rec, owner, process_pid(task, task_active_pid_ns(current)));
	record_set(rec, owner, start, task->start_boottime);
	record_set(rec, owner, state, owner_state(&sum->owner));
	if (process_comm(task, rec->comm))
		record_known(rec, owner, comm);
	set_uid(rec, owner, user->uid);
	record_set(rec, owner, mode, sum->mode);
	record_set(rec, owner, kind, sum->kind);
	record_set(rec, owner, contexts, sum->contexts);
	record_set(rec, owner, areas, sum->areas);
	record_set(rec, owner, pinned, pinned);
	record_set(rec, owner, charged, sum->mode == DMAOWN_MODE_NONE ? 0 : pinned);
	record_set(rec, owner, user_locked, locked);
	record_set(rec, owner, user_other, locked > charged ? locked - charged : 0);
	record_set(rec, owner, busy, busy);
	if (sum->mode == DMAOWN_MODE_USER)
		owner_limit(rec, sum, locked);
	free_uid(user);

	/*
	 * The struct is there as long as it is referenced, but its figures mean nothing without
	 * users.
	 */
	if (!atomic_read(&mm->mm_users))
		return;
	record_set(rec, owner, vm_pinned, (u64)atomic64_read(&mm->pinned_vm) << PAGE_SHIFT);
	record_set(rec, owner, vm_locked, mm_locked);
	if (sum->mode == DMAOWN_MODE_MM)
		owner_limit(rec, sum, mm_locked);
}

/* WHAT ONE CONTEXT HAS */

static bool is_kind(const struct dump *dump, const struct object_sum *sum)
{
	return (dump->kind == RECORD_IOAS && sum->object.type == OBJECT_IOAS) ||
	       (dump->kind == RECORD_HWPT && sum->object.type == OBJECT_HWPT) ||
	       (dump->kind == RECORD_DEVICE && sum->object.type == OBJECT_DEVICE);
}

static int object_records(struct dump *dump, struct context ctx, const struct context_sums *sums)
{
	unsigned int i;
	int ret;

	ret = records_reserve(dump, sums->nr);
	for (i = 0; i < sums->nr && !ret; i++) {
		const struct object_sum *sum = &sums->objects[i];

		if (!is_kind(dump, sum))
			continue;
		if (dump->kind == RECORD_IOAS)
			ioas_record(dump, ctx, sum);
		else if (dump->kind == RECORD_HWPT)
			hwpt_record(dump, ctx, sum);
		else
			device_record(dump, ctx, sum);
	}
	return ret;
}

/* A context, or all of its objects: at once, since they are counted in one pass over the areas. */
static int fill_sums(struct dump *dump, struct context ctx)
{
	struct owner_sums owners = {};
	struct context_sums sums = {};
	int ret;

	ret = context_sums_objects(&sums, ctx, &dump->patience);
	if (!ret && (dump->kind == RECORD_CONTEXT || dump->kind == RECORD_IOAS))
		ret = context_sums_areas(&sums, ctx, &dump->patience, &owners);
	if (ret)
		goto out;
	if (dump->kind == RECORD_CONTEXT)
		context_record(dump, ctx, &sums, &owners);
	else
		ret = object_records(dump, ctx, &sums);
out:
	owner_sums_free(&owners);
	context_sums_free(&sums);
	dump->in_context = false;
	return ret;
}

static int fill_accesses(struct dump *dump, struct context ctx)
{
	struct access *batch;
	int nr, i;

	batch = kvmalloc_array(BATCH, sizeof(*batch), GFP_KERNEL);
	if (!batch)
		return -ENOMEM;
	nr = patient_accesses(&dump->patience, ctx, &dump->cursor, batch);
	/* There is no record for an IOAS whose accesses cannot be seen: the listing is marked. */
	if (nr == -EAGAIN) {
		dump->inconsistent = true;
		cursor_skip(&dump->cursor);
	}
	for (i = 0; i < nr; i++) {
		struct record_access *rec = &record_add(dump)->access;

		record_set(rec, access, context, context_id(ctx));
		record_set(rec, access, id, batch[i].id);
		record_set(rec, access, ioas, batch[i].ioas);
	}
	kvfree(batch);
	dump->in_context = nr;
	return nr == -EAGAIN ? 0 : min(nr, 0);
}

static int fill_areas(struct dump *dump, struct context ctx)
{
	u64 context = context_id(ctx);
	struct area *batch;
	int nr, i;

	batch = kvmalloc_array(BATCH, sizeof(*batch), GFP_KERNEL);
	if (!batch || ptrset_reserve(&dump->seen, dump->seen.used + BATCH)) {
		kvfree(batch);
		return -ENOMEM;
	}
	nr = patient_areas(&dump->patience, ctx, &dump->cursor, batch);
	if (nr == -EAGAIN) {
		busy_area_record(dump, context, context_kind(ctx), dump->cursor.id);
		cursor_skip(&dump->cursor);
	}
	for (i = 0; i < nr; i++)
		area_record(dump, ctx, context, &batch[i]);
	areas_put(batch, max(nr, 0));
	kvfree(batch);
	dump->in_context = nr;
	return nr == -EAGAIN ? 0 : min(nr, 0);
}

static int fill_from_context(struct dump *dump, struct context ctx)
{
	switch (dump->kind) {
	case RECORD_ACCESS:
		return fill_accesses(dump, ctx);
	case RECORD_AREA:
		return fill_areas(dump, ctx);
	default:
		return fill_sums(dump, ctx);
	}
}

/* FILLING */

static bool next_context(struct dump *dump)
{
	if (!snapshot_next(&dump->snapshot))
		return false;
	dump->in_context = true;
	dump->cursor = (struct cursor){ .last_id = U32_MAX };
	ptrset_clear(&dump->seen);
	return true;
}

/* The context at hand, once it can be known from its holders' files; -EAGAIN if not. */
static int reopen_patiently(struct dump *dump, struct context *ctx)
{
	int ret;

	do {
		ret = snapshot_reopen(&dump->snapshot, ctx);
	} while (ret == -EAGAIN && wait_patiently(&dump->patience));
	if (!ret && !ctx->self)
		dump->inconsistent = true;
	return ret;
}

/* A context of which nothing can be seen but who holds it. */
static void busy_context(struct dump *dump)
{
	u64 context = snapshot_context(&dump->snapshot);
	struct record_context *rec;

	if (dump->kind == RECORD_AREA) {
		busy_area_record(dump, context, snapshot_kind(&dump->snapshot), 0);
		return;
	}
	/* There is no record for what is not known to exist: the listing is marked. */
	if (dump->kind != RECORD_CONTEXT) {
		dump->inconsistent = true;
		return;
	}
	rec = &record_add(dump)->context;
	record_set(rec, context, context, context);
	record_set(rec, context, kind, snapshot_kind(&dump->snapshot));
	record_set(rec, context, holders, snapshot_processes(&dump->snapshot));
	record_set(rec, context, busy, 1);
}

/* Until there is something, or nothing more to come. */
static int fill_from_contexts(struct dump *dump)
{
	struct context ctx;
	int ret = 0;

	while (!dump->records_nr && !ret) {
		if (!dump->in_context && !next_context(dump))
			break;
		ret = reopen_patiently(dump, &ctx);
		if (ret || !ctx.self) {
			if (ret == -EAGAIN) {
				busy_context(dump);
				ret = 0;
			}
			dump->in_context = false;
			continue;
		}
		ret = fill_from_context(dump, ctx);
		context_put(ctx);
		if (ret == -EAGAIN) {
			busy_context(dump);
			ret = 0;
		}
		if (fatal_signal_pending(current))
			ret = ret ?: -EINTR;
		cond_resched();
	}
	return ret;
}

static int sum_owners(struct dump *dump, struct owner_sums *owners, unsigned int *busy)
{
	struct context_sums sums = {};
	struct context ctx;
	unsigned int i;
	int ret;

	ret = reopen_patiently(dump, &ctx);
	if (ret || !ctx.self) {
		*busy += ret == -EAGAIN;
		return ret == -EAGAIN ? 0 : ret;
	}
	ret = context_sums_objects(&sums, ctx, &dump->patience) ?:
	      context_sums_areas(&sums, ctx, &dump->patience, owners);
	context_put(ctx);
	if (ret == -EAGAIN) {
		*busy += 1;
		ret = 0;
	}
	for (i = 0; i < sums.nr; i++)
		*busy += sums.objects[i].busy;
	context_sums_free(&sums);
	return ret;
}

/* Owners are few, whatever they own: they are all made at once. */
static int fill_owners(struct dump *dump)
{
	struct owner_sums owners = {};
	unsigned int busy = snapshot_busy(&dump->snapshot);
	unsigned int i;
	int ret = 0;

	while (!ret && snapshot_next(&dump->snapshot))
		ret = sum_owners(dump, &owners, &busy);
	ret = ret ?: records_reserve(dump, owners.nr);
	for (i = 0; i < owners.nr && !ret; i++) {
		owner_record(dump, &owners, &owners.sums[i], busy);
		if (fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	owner_sums_free(&owners);
	return ret;
}

static int fill_holders(struct dump *dump)
{
	struct snapshot *snapshot = &dump->snapshot;

	for (; snapshot->end < snapshot->nr && dump->records_nr < BATCH; snapshot->end++)
		holder_record(dump, &snapshot->holders[snapshot->end]);
	return 0;
}

static void fill_refusals(struct dump *dump)
{
	struct record_refusal *rec;
	u32 reason;

	/* The first is for those that gave no reason. */
	for (reason = 0; reason < reasons_end(); reason++) {
		if (reason && !*reason_name(reason))
			continue;
		rec = &record_add(dump)->refusal;
		if (reason)
			record_set_string(rec, refusal, reason, reason_name(reason));
		record_set(rec, refusal, refusals, refusals_for(reason));
	}
}

static int fill(struct dump *dump)
{
	dump->records_at = 0;
	dump->records_nr = 0;
	switch (dump->kind) {
	case RECORD_HOLDER:
		return fill_holders(dump);
	case RECORD_OWNER:
		return fill_owners(dump);
	default:
		return fill_from_contexts(dump);
	}
}

const union record *dump_next(struct dump *dump)
{
	if (dump->records_at == dump->records_nr && !dump->error && !dump->of_module)
		dump->error = fill(dump);
	if (dump->error)
		return ERR_PTR(dump->error);
	if (dump->records_at == dump->records_nr)
		return NULL;
	return &dump->records[dump->records_at++];
}

bool dump_inconsistent(const struct dump *dump)
{
	return dump->inconsistent;
}

bool dump_has_contexts(enum record_kind kind)
{
	return kind != RECORD_OWNER && kind != RECORD_REFUSAL && kind != RECORD_STATUS;
}

/* What needs no look at any process. */
static int fill_of_module(struct dump *dump)
{
	if (dump->kind == RECORD_STATUS)
		return status_fill(&record_add(dump)->status);
	fill_refusals(dump);
	return 0;
}

struct dump *dump_open(enum record_kind kind, u64 context)
{
	struct dump *dump = kzalloc(sizeof(*dump), GFP_KERNEL);
	int ret;

	if (!dump)
		return ERR_PTR(-ENOMEM);
	dump->kind = kind;
	dump->patience.left = PATIENCE;
	ptrset_init(&dump->seen);
	dump->of_module = kind == RECORD_STATUS || kind == RECORD_REFUSAL;
	ret = records_reserve(dump, max(BATCH, reasons_end()));
	if (!ret && dump->of_module)
		ret = fill_of_module(dump);
	else if (!ret)
		ret = snapshot_take(&dump->snapshot, dump_has_contexts(kind) ? context : 0);
	if (ret) {
		dump_close(dump);
		return ERR_PTR(ret);
	}
	return dump;
}

void dump_close(struct dump *dump)
{
	snapshot_free(&dump->snapshot);
	kvfree(dump->records);
	ptrset_free(&dump->seen);
	kfree(dump);
}

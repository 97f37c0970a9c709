// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cred.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/uidgid.h>

#include "dump.h"
#include "find.h"
#include "id.h"
#include "iommufd.h"
#include "pageset.h"

#define BATCH		64

/* How long a whole dump waits, all in all, for IOASes that are locked, before it reports them busy. */
#define PATIENCE_MS	50

/* A holding as it was when the dump began, and the way back to its context. */
struct holder {
	u64 context;			/* 0: busy, and so unknown */
	struct pid *pid;
	pid_t tgid;
	u64 start;
	kuid_t uid;
	unsigned int fd;
	enum dmaown_via via;
	char comm[TASK_COMM_LEN];
	char device[64];
};

/* The areas of one owner, summed up. */
struct owner_sum {
	struct owner owner;		/* with references */
	u8 mode;
	unsigned int contexts;
	u64 last_context;
	u64 areas;
	u64 npinned;
};

struct owner_sums {
	struct owner_sum *sums;
	unsigned int nr;
	unsigned int room;
	unsigned int last;		/* found last: likely to be wanted again */
};

struct area_sums {
	u64 areas;
	u64 mapped;
	u64 npinned;
	unsigned int busy;
};

struct object_sums {
	unsigned int ioases;
	unsigned int hwpts;
	unsigned int devices;
};

struct dump {
	enum record_kind kind;
	u64 only;
	int error;
	bool inconsistent;
	int patience;

	/* By context, then in the order found. */
	struct holder *holders;
	unsigned int holders_nr;
	unsigned int holders_room;

	/* The holders of the context at hand: from first up to end. */
	unsigned int first;
	unsigned int end;
	struct cursor cursor;		/* in that context */
	struct pageset seen;		/* shared pages objects that were shown already */

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
	records = kvmalloc_array(nr, sizeof(*records), GFP_KERNEL);
	if (!records)
		return -ENOMEM;
	kvfree(dump->records);
	dump->records = records;
	dump->records_room = nr;
	return 0;
}

/* There is room: each step makes at most BATCH, or has reserved. */
static union record *record_add(struct dump *dump)
{
	union record *rec = &dump->records[dump->records_nr++];

	memset(rec, 0, sizeof(*rec));
	return rec;
}

/* HOLDERS */

static int holder_add(const struct holding *holding, void *arg)
{
	struct dump *dump = arg;
	struct holder *holder;
	const struct cred *cred;

	if (dump->holders_nr == dump->holders_room) {
		unsigned int room = dump->holders_room * 2 + 16;

		holder = kvmalloc_array(room, sizeof(*holder), GFP_KERNEL);
		if (!holder)
			return -ENOMEM;
		if (dump->holders_nr)
			memcpy(holder, dump->holders, dump->holders_nr * sizeof(*holder));
		kvfree(dump->holders);
		dump->holders = holder;
		dump->holders_room = room;
	}

	holder = &dump->holders[dump->holders_nr];
	memset(holder, 0, sizeof(*holder));
	holder->context = holding->ictx ? context_id(holding->ictx) : 0;
	if (dump->only && holder->context && holder->context != dump->only)
		return 0;
	holder->pid = get_task_pid(holding->task, PIDTYPE_TGID);
	if (!holder->pid)
		return 0;	/* gone meanwhile */
	holder->tgid = holding->task->tgid;
	holder->start = holding->task->start_boottime;
	cred = get_task_cred(holding->task);
	holder->uid = cred->uid;
	put_cred(cred);
	holder->fd = holding->fd;
	holder->via = holding->via;
	process_comm(holding->task, holder->comm);
	if (holding->device)
		strscpy(holder->device, holding->device, sizeof(holder->device));
	dump->holders_nr++;
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

/* A reference on the context at hand, through any holder that still has it; NULL if none does. */
static struct iommufd_ctx *context_reopen(struct dump *dump)
{
	unsigned int i;

	for (i = dump->first; i < dump->end; i++) {
		const struct holder *holder = &dump->holders[i];
		struct task_struct *task = get_pid_task(holder->pid, PIDTYPE_TGID);
		struct iommufd_ctx *ictx;

		if (!task)
			continue;
		ictx = find_by_fd(task, holder->fd);
		put_task_struct(task);
		if (IS_ERR_OR_NULL(ictx))
			continue;
		if (context_id(ictx) == holder->context)
			return ictx;
		context_put(ictx);
	}
	return NULL;
}

/* Makes the next context the one at hand; false at the end. */
static bool context_advance(struct dump *dump)
{
	dump->first = dump->end;
	while (dump->first < dump->holders_nr && !dump->holders[dump->first].context)
		dump->first++;
	if (dump->first == dump->holders_nr)
		return false;

	dump->end = dump->first + 1;
	while (dump->end < dump->holders_nr &&
	       dump->holders[dump->end].context == dump->holders[dump->first].context)
		dump->end++;
	memset(&dump->cursor, 0, sizeof(dump->cursor));
	pageset_clear(&dump->seen);
	return true;
}

static unsigned int count_processes(const struct dump *dump)
{
	unsigned int i, nr = 0;

	for (i = dump->first; i < dump->end; i++)
		if (i == dump->first || dump->holders[i].pid != dump->holders[i - 1].pid)
			nr++;
	return nr;
}

/* WHAT IS IN A CONTEXT */

/* Waits a little if there is patience left; false if not. */
static bool wait_patiently(struct dump *dump)
{
	if (!dump->patience)
		return false;
	dump->patience--;
	usleep_range(500, 1000);
	return true;
}

/* context_areas(), but a locked IOAS is tried again as long as there is patience. */
static int next_areas(struct dump *dump, struct iommufd_ctx *ictx, struct cursor *cursor,
		      struct area *batch)
{
	int nr;

	do {
		nr = context_areas(ictx, cursor, batch, BATCH);
	} while (nr == -EAGAIN && wait_patiently(dump));
	return nr;
}

static int next_accesses(struct dump *dump, struct iommufd_ctx *ictx, struct cursor *cursor,
			 struct access *batch)
{
	int nr;

	do {
		nr = context_accesses(ictx, cursor, batch, BATCH);
	} while (nr == -EAGAIN && wait_patiently(dump));
	return nr;
}

static void cursor_skip_ioas(struct cursor *cursor)
{
	cursor->id++;
	cursor->key = 0;
}

/* True for the first area of the listing that shows this pages object. There is room in the set. */
static bool shown_first(struct pageset *seen, const struct area *area)
{
	if (area->sharers == 1)
		return true;
	return pageset_add(seen, area->pages) == 1;
}

static struct owner_sum *owner_sum_find(struct owner_sums *sums, const struct area *area)
{
	unsigned int i;

	for (i = 0; i < sums->nr; i++) {
		unsigned int at = (sums->last + i) % sums->nr;
		struct owner_sum *sum = &sums->sums[at];

		if (sum->mode == area->mode && same_process(sum->owner.task, area->owner.task) &&
		    sum->owner.mm == area->owner.mm && sum->owner.user == area->owner.user) {
			sums->last = at;
			return sum;
		}
	}
	return NULL;
}

static int owner_sum_add(struct owner_sums *sums, u64 context, const struct area *area, bool first)
{
	struct owner_sum *sum = owner_sum_find(sums, area);

	if (!sum) {
		if (sums->nr == sums->room) {
			unsigned int room = sums->room * 2 + 8;

			sum = kvmalloc_array(room, sizeof(*sum), GFP_KERNEL);
			if (!sum)
				return -ENOMEM;
			if (sums->nr)
				memcpy(sum, sums->sums, sums->nr * sizeof(*sum));
			kvfree(sums->sums);
			sums->sums = sum;
			sums->room = room;
		}
		sum = &sums->sums[sums->nr++];
		memset(sum, 0, sizeof(*sum));
		sum->owner = area->owner;
		owner_get(&sum->owner);
		sum->mode = area->mode;
	}
	if (sum->last_context != context) {
		sum->last_context = context;
		sum->contexts++;
	}
	sum->areas++;
	if (first)
		sum->npinned += area->npinned;
	return 0;
}

static void owner_sums_free(struct owner_sums *sums)
{
	unsigned int i;

	for (i = 0; i < sums->nr; i++)
		owner_put(&sums->sums[i].owner);
	kvfree(sums->sums);
	memset(sums, 0, sizeof(*sums));
}

static int sum_batch(struct dump *dump, u64 context, const struct area *batch, unsigned int nr,
		     struct area_sums *areas, struct owner_sums *owners)
{
	int ret = pageset_reserve(&dump->seen, dump->seen.used + nr);

	for (; nr && !ret; nr--, batch++) {
		bool first;

		areas->areas++;
		areas->mapped += batch->last - batch->iova + 1;
		if (!batch->pages)
			continue;
		first = shown_first(&dump->seen, batch);
		if (first)
			areas->npinned += batch->npinned;
		if (owners)
			ret = owner_sum_add(owners, context, batch, first);
	}
	return ret;
}

/* Sums up the areas of the IOASes with IDs from..to; owners may be NULL. */
static int sum_areas(struct dump *dump, struct iommufd_ctx *ictx, u32 from, u32 to,
		     struct area_sums *areas, struct owner_sums *owners)
{
	struct cursor cursor = { .id = from };
	u64 context = context_id(ictx);
	struct area *batch;
	int ret = 0;
	int nr;

	memset(areas, 0, sizeof(*areas));
	batch = kvmalloc_array(BATCH, sizeof(*batch), GFP_KERNEL);
	if (!batch)
		return -ENOMEM;

	while (!ret) {
		unsigned int mine;

		nr = next_areas(dump, ictx, &cursor, batch);
		if (nr == -EAGAIN) {
			if (cursor.id > to)
				break;
			areas->busy++;
			cursor_skip_ioas(&cursor);
			continue;
		}
		for (mine = 0; mine < nr && batch[mine].ioas <= to; mine++)
			;
		ret = sum_batch(dump, context, batch, mine, areas, owners);
		areas_put(batch, nr);
		if (mine < nr || !nr)
			break;
		cond_resched();
	}
	kvfree(batch);
	return ret;
}

/* Counts what belongs to one IOAS, or to all if ioas is 0. */
static int sum_objects(struct iommufd_ctx *ictx, u32 ioas, struct object_sums *sums)
{
	struct object *batch;
	unsigned int nr, i;
	u32 id = 0;

	memset(sums, 0, sizeof(*sums));
	batch = kvmalloc_array(BATCH, sizeof(*batch), GFP_KERNEL);
	if (!batch)
		return -ENOMEM;
	while ((nr = context_objects(ictx, &id, batch, BATCH))) {
		for (i = 0; i < nr; i++) {
			if (ioas && batch[i].ioas != ioas)
				continue;
			sums->ioases += batch[i].type == OBJECT_IOAS;
			sums->hwpts += batch[i].type == OBJECT_HWPT;
			sums->devices += batch[i].type == OBJECT_DEVICE;
		}
	}
	kvfree(batch);
	return 0;
}

/* -EAGAIN if an IOAS was locked. */
static int count_accesses(struct dump *dump, struct iommufd_ctx *ictx, u32 from, u32 to,
			  unsigned int *count)
{
	struct cursor cursor = { .id = from };
	struct access *batch;
	int nr, i;

	*count = 0;
	batch = kvmalloc_array(BATCH, sizeof(*batch), GFP_KERNEL);
	if (!batch)
		return -ENOMEM;
	do {
		nr = next_accesses(dump, ictx, &cursor, batch);
		if (nr == -EAGAIN && cursor.id > to)
			nr = 0;
		for (i = 0; i < nr && batch[i].ioas <= to; i++)
			++*count;
	} while (nr > 0 && i == nr);
	kvfree(batch);
	return min(nr, 0);
}

/* ONE KIND OF RECORD EACH */

static int context_record(struct dump *dump, struct iommufd_ctx *ictx)
{
	struct owner_sums owners = {};
	struct object_sums objects;
	unsigned int accesses;
	struct area_sums areas;
	struct record_context *rec;
	int ret, busy;

	ret = sum_objects(ictx, 0, &objects);
	if (ret)
		return ret;
	busy = count_accesses(dump, ictx, 0, U32_MAX, &accesses);
	if (busy && busy != -EAGAIN)
		return busy;
	ret = sum_areas(dump, ictx, 0, U32_MAX, &areas, &owners);
	if (ret)
		goto out;

	rec = &record_add(dump)->context;
	record_set(rec, context, context, context_id(ictx));
	record_set(rec, context, kind, DMAOWN_KIND_IOMMUFD);
	record_set(rec, context, mode, context_mode(ictx));
	record_set(rec, context, holders, count_processes(dump));
	record_set(rec, context, ioases, objects.ioases);
	record_set(rec, context, hwpts, objects.hwpts);
	record_set(rec, context, devices, objects.devices);
	if (!busy)
		record_set(rec, context, accesses, accesses);
	record_set(rec, context, areas, areas.areas);
	record_set(rec, context, mapped, areas.mapped);
	record_set(rec, context, pinned, areas.npinned << PAGE_SHIFT);
	record_set(rec, context, owners, owners.nr);
	record_set(rec, context, busy, areas.busy);
out:
	owner_sums_free(&owners);
	return ret;
}

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
	if (holder->via == DMAOWN_VIA_DEVICE)
		record_set_string(rec, holder, device, holder->device);
	record_set(rec, holder, busy, !holder->context);
}

static int ioas_record(struct dump *dump, struct iommufd_ctx *ictx, const struct object *ioas)
{
	struct object_sums objects;
	struct area_sums areas;
	unsigned int accesses;
	struct record_ioas *rec;
	int ret, busy;

	ret = sum_objects(ictx, ioas->id, &objects);
	if (ret)
		return ret;
	busy = count_accesses(dump, ictx, ioas->id, ioas->id, &accesses);
	if (busy && busy != -EAGAIN)
		return busy;
	ret = sum_areas(dump, ictx, ioas->id, ioas->id, &areas, NULL);
	if (ret)
		return ret;

	rec = &record_add(dump)->ioas;
	record_set(rec, ioas, context, context_id(ictx));
	record_set(rec, ioas, ioas, ioas->id);
	record_set(rec, ioas, hwpts, objects.hwpts);
	record_set(rec, ioas, devices, objects.devices);
	record_set(rec, ioas, alignment, ioas->alignment);
	record_set(rec, ioas, busy, !!areas.busy);
	if (!busy)
		record_set(rec, ioas, accesses, accesses);
	if (areas.busy)
		return 0;
	record_set(rec, ioas, areas, areas.areas);
	record_set(rec, ioas, mapped, areas.mapped);
	record_set(rec, ioas, pinned, areas.npinned << PAGE_SHIFT);
	return 0;
}

/* How many devices are attached to a HWPT. */
static int count_attached(struct iommufd_ctx *ictx, u32 hwpt, unsigned int *count)
{
	struct object *batch = kvmalloc_array(BATCH, sizeof(*batch), GFP_KERNEL);
	unsigned int nr, i;
	u32 id = 0;

	*count = 0;
	if (!batch)
		return -ENOMEM;
	while ((nr = context_objects(ictx, &id, batch, BATCH)))
		for (i = 0; i < nr; i++)
			*count += batch[i].type == OBJECT_DEVICE && batch[i].hwpt == hwpt;
	kvfree(batch);
	return 0;
}

static int hwpt_record(struct dump *dump, struct iommufd_ctx *ictx, const struct object *hwpt)
{
	struct record_hwpt *rec;
	unsigned int devices;
	int ret;

	ret = count_attached(ictx, hwpt->id, &devices);
	if (ret)
		return ret;
	rec = &record_add(dump)->hwpt;
	record_set(rec, hwpt, context, context_id(ictx));
	record_set(rec, hwpt, hwpt, hwpt->id);
	if (hwpt->ioas)
		record_set(rec, hwpt, ioas, hwpt->ioas);
	record_set(rec, hwpt, type, hwpt->nested ? DMAOWN_HWPT_NESTED : DMAOWN_HWPT_PAGING);
	record_set(rec, hwpt, auto_domain, hwpt->auto_domain);
	record_set(rec, hwpt, devices, devices);
	return 0;
}

static void device_record(struct dump *dump, struct iommufd_ctx *ictx, const struct object *device)
{
	struct record_device *rec = &record_add(dump)->device;

	record_set(rec, device, context, context_id(ictx));
	record_set(rec, device, id, device->id);
	record_set_string(rec, device, device, device->name);
	if (device->hwpt)
		record_set(rec, device, hwpt, device->hwpt);
	if (device->ioas)
		record_set(rec, device, ioas, device->ioas);
}

static void area_owner(struct record_area *rec, const struct area *area)
{
	struct task_struct *task = area->owner.task;

	record_set(rec, area, owner, process_id(task));
	set_pid(rec, area, process_pid(task, task_active_pid_ns(current)));
	record_set(rec, area, start, task->start_boottime);
	record_set(rec, area, state, owner_state(&area->owner));
	set_uid(rec, area, area->owner.user->uid);
}

static void area_record(struct dump *dump, u64 context, const struct area *area)
{
	struct record_area *rec = &record_add(dump)->area;

	record_set(rec, area, context, context);
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
	record_set(rec, area, pinned,
		   shown_first(&dump->seen, area) ? (u64)area->npinned << PAGE_SHIFT : 0);
	record_set(rec, area, accesses, area->accesses);
	record_set(rec, area, mode, area->mode);
	area_owner(rec, area);
}

static void busy_area_record(struct dump *dump, u64 context, u32 ioas)
{
	struct record_area *rec = &record_add(dump)->area;

	record_set(rec, area, context, context);
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
	if (limit == RLIM_INFINITY || rec->state == DMAOWN_STATE_DEAD)
		return;
	record_set(rec, owner, limit, limit);
	record_set(rec, owner, headroom, limit > used ? limit - used : 0);
}

static void owner_record(struct dump *dump, const struct owner_sums *sums, const struct owner_sum *sum,
			 unsigned int busy)
{
	struct record_owner *rec = &record_add(dump)->owner;
	struct task_struct *task = sum->owner.task;
	struct user_struct *user = sum->owner.user;
	struct mm_struct *mm = sum->owner.mm;
	u64 locked = (u64)atomic_long_read(&user->locked_vm) << PAGE_SHIFT;
	u64 charged = user_charged(sums, user) << PAGE_SHIFT;

	record_set(rec, owner, owner, process_id(task));
	set_pid(rec, owner, process_pid(task, task_active_pid_ns(current)));
	record_set(rec, owner, start, task->start_boottime);
	record_set(rec, owner, state, owner_state(&sum->owner));
	if (process_comm(task, rec->comm))
		rec->present |= BIT_ULL(record_bit_owner_comm);
	set_uid(rec, owner, user->uid);
	record_set(rec, owner, mode, sum->mode);
	record_set(rec, owner, contexts, sum->contexts);
	record_set(rec, owner, areas, sum->areas);
	record_set(rec, owner, pinned, sum->npinned << PAGE_SHIFT);
	record_set(rec, owner, charged, sum->mode == DMAOWN_MODE_NONE ? 0 : sum->npinned << PAGE_SHIFT);
	record_set(rec, owner, user_locked, locked);
	record_set(rec, owner, user_other, locked > charged ? locked - charged : 0);
	record_set(rec, owner, busy, busy);

	/* The struct is there as long as it is referenced, but its figures mean nothing without users. */
	if (atomic_read(&mm->mm_users)) {
		record_set(rec, owner, vm_pinned, (u64)atomic64_read(&mm->pinned_vm) << PAGE_SHIFT);
		record_set(rec, owner, vm_locked, (u64)READ_ONCE(mm->locked_vm) << PAGE_SHIFT);
	}
	if (sum->mode == DMAOWN_MODE_USER)
		owner_limit(rec, sum, locked);
	else if (sum->mode == DMAOWN_MODE_MM && atomic_read(&mm->mm_users))
		owner_limit(rec, sum, (u64)READ_ONCE(mm->locked_vm) << PAGE_SHIFT);
}

/* FILLING THE BATCH */

/* A context is done with by one call, or by several that move dump->cursor; true when there is more. */
static bool fill_context(struct dump *dump, struct iommufd_ctx *ictx)
{
	dump->error = context_record(dump, ictx);
	return false;
}

static bool fill_objects(struct dump *dump, struct iommufd_ctx *ictx)
{
	struct object *batch;
	unsigned int nr, i;

	batch = kvmalloc_array(BATCH, sizeof(*batch), GFP_KERNEL);
	if (!batch) {
		dump->error = -ENOMEM;
		return false;
	}
	nr = context_objects(ictx, &dump->cursor.id, batch, BATCH);
	for (i = 0; i < nr && !dump->error; i++) {
		if (dump->kind == RECORD_IOAS && batch[i].type == OBJECT_IOAS)
			dump->error = ioas_record(dump, ictx, &batch[i]);
		else if (dump->kind == RECORD_HWPT && batch[i].type == OBJECT_HWPT)
			dump->error = hwpt_record(dump, ictx, &batch[i]);
		else if (dump->kind == RECORD_DEVICE && batch[i].type == OBJECT_DEVICE)
			device_record(dump, ictx, &batch[i]);
	}
	kvfree(batch);
	return nr;
}

static bool fill_accesses(struct dump *dump, struct iommufd_ctx *ictx)
{
	struct access *batch;
	int nr, i;

	batch = kvmalloc_array(BATCH, sizeof(*batch), GFP_KERNEL);
	if (!batch) {
		dump->error = -ENOMEM;
		return false;
	}
	nr = next_accesses(dump, ictx, &dump->cursor, batch);
	if (nr == -EAGAIN)
		cursor_skip_ioas(&dump->cursor);
	for (i = 0; i < nr; i++) {
		struct record_access *rec = &record_add(dump)->access;

		record_set(rec, access, context, context_id(ictx));
		record_set(rec, access, id, batch[i].id);
		record_set(rec, access, ioas, batch[i].ioas);
	}
	kvfree(batch);
	return nr;
}

static bool fill_areas(struct dump *dump, struct iommufd_ctx *ictx)
{
	u64 context = context_id(ictx);
	struct area *batch;
	int nr, i;

	batch = kvmalloc_array(BATCH, sizeof(*batch), GFP_KERNEL);
	if (!batch || pageset_reserve(&dump->seen, dump->seen.used + BATCH)) {
		kvfree(batch);
		dump->error = -ENOMEM;
		return false;
	}
	nr = next_areas(dump, ictx, &dump->cursor, batch);
	if (nr == -EAGAIN) {
		busy_area_record(dump, context, dump->cursor.id);
		cursor_skip_ioas(&dump->cursor);
	}
	for (i = 0; i < nr; i++)
		area_record(dump, context, &batch[i]);
	areas_put(batch, max(nr, 0));
	kvfree(batch);
	return nr;
}

static bool fill_from_context(struct dump *dump, struct iommufd_ctx *ictx)
{
	switch (dump->kind) {
	case RECORD_CONTEXT:
		return fill_context(dump, ictx);
	case RECORD_ACCESS:
		return fill_accesses(dump, ictx);
	case RECORD_AREA:
		return fill_areas(dump, ictx);
	default:
		return fill_objects(dump, ictx);
	}
}

/* Until there is something, or nothing more to come. */
static void fill_from_contexts(struct dump *dump)
{
	struct iommufd_ctx *ictx;
	bool more;

	while (!dump->records_nr && !dump->error) {
		if (dump->first == dump->end && !context_advance(dump))
			return;
		ictx = context_reopen(dump);
		if (!ictx)
			dump->inconsistent = true;
		more = ictx && fill_from_context(dump, ictx);
		if (ictx)
			context_put(ictx);
		if (!more)
			dump->first = dump->end;
		cond_resched();
	}
}

/* Owners are few, whatever they own: they are all made at once. */
static void fill_owners(struct dump *dump)
{
	struct owner_sums owners = {};
	struct area_sums areas;
	struct iommufd_ctx *ictx;
	unsigned int busy = 0;
	unsigned int i;

	while (!dump->error && context_advance(dump)) {
		ictx = context_reopen(dump);
		if (!ictx) {
			dump->inconsistent = true;
			continue;
		}
		dump->error = sum_areas(dump, ictx, 0, U32_MAX, &areas, &owners);
		busy += areas.busy;
		context_put(ictx);
	}
	if (!dump->error)
		dump->error = records_reserve(dump, owners.nr);
	for (i = 0; i < owners.nr && !dump->error; i++)
		owner_record(dump, &owners, &owners.sums[i], busy);
	owner_sums_free(&owners);
}

static void fill_holders(struct dump *dump)
{
	for (; dump->end < dump->holders_nr && dump->records_nr < BATCH; dump->end++)
		holder_record(dump, &dump->holders[dump->end]);
}

static void fill(struct dump *dump)
{
	dump->records_at = 0;
	dump->records_nr = 0;
	switch (dump->kind) {
	case RECORD_STATUS:
		if (!dump->end++)
			status_fill(&record_add(dump)->status);
		break;
	case RECORD_HOLDER:
		fill_holders(dump);
		break;
	case RECORD_OWNER:
		fill_owners(dump);
		break;
	default:
		fill_from_contexts(dump);
	}
}

const union record *dump_next(struct dump *dump)
{
	if (dump->records_at == dump->records_nr)
		fill(dump);
	if (dump->error)
		return ERR_PTR(dump->error);
	if (!dump->records_nr)
		return NULL;
	return &dump->records[dump->records_at++];
}

bool dump_inconsistent(const struct dump *dump)
{
	return dump->inconsistent;
}

struct dump *dump_open(enum record_kind kind, u64 context)
{
	struct dump *dump = kzalloc(sizeof(*dump), GFP_KERNEL);
	int ret;

	if (!dump)
		return ERR_PTR(-ENOMEM);
	dump->kind = kind;
	dump->only = context;
	dump->patience = PATIENCE_MS;
	pageset_init(&dump->seen);
	ret = records_reserve(dump, BATCH);
	if (!ret && kind != RECORD_STATUS)
		ret = find_everywhere(holder_add, dump);
	if (ret) {
		dump_close(dump);
		return ERR_PTR(ret);
	}
	if (dump->holders_nr)
		sort(dump->holders, dump->holders_nr, sizeof(*dump->holders), holder_compare, NULL);
	return dump;
}

void dump_close(struct dump *dump)
{
	unsigned int i;

	for (i = 0; i < dump->holders_nr; i++)
		put_pid(dump->holders[i].pid);
	kvfree(dump->holders);
	kvfree(dump->records);
	pageset_free(&dump->seen);
	kfree(dump);
}

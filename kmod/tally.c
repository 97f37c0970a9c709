// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each way to hold a context is a reference on a file, or on the container (kernel: for iommufd
 * drivers/iommu/iommufd/device.c, eventq.c or fault.c; for VFIO device_cdev.c, group.c,
 * container.c):
 *
 * on an iommufd context's own file
 *			each descriptor; each mapping; each file of a queue; each device file that
 *			was opened through /dev/vfio/devices and bound; each device that is bound,
 *			or its access; each other access; each group that was given the context,
 *			which is not counted here, because devices without an IOMMU that were
 *			opened through it have no reference.
 * on a container	its own file; each group in it.
 * on any file		each descriptor; each mapping.
 * on a group's file	also each device that was opened through it in a container.
 *
 * And more that is not counted either: messages in flight, tables of io_uring, KVM, system calls.
 * Any of these is one reference too many. So is a file or an access that was not found.
 *
 * The references that are counted must exist at the moment at which the total is read: otherwise
 * one that has just gone could stand in for one that was not found. A descriptor is removed from
 * its table under the table's lock, and its reference is dropped afterwards. A mapping is removed
 * from i_mmap in the same way. A group leaves its context, and devices are opened through it, under
 * group_lock. A device and its files keep their context until their last file is released. So all
 * of these locks are held while the totals are read. They are only tried: in no other place are two
 * of a kind held at a time. A table belongs to a process alone if each user of the table is a
 * thread of that process.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm_types.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "find.h"
#include "fput.h"
#include "owner.h"
#include "snapshot.h"
#include "tally.h"
#include "vfio/groups.h"
#include "vfio/vfio.h"

/* Mappings of a file that are visited */
#define VMA_STEPS 256

/* Threads of a process that are visited */
#define THREAD_STEPS 256

struct tally *dmaown_tally_new(const struct context *contexts, unsigned int nr)
{
	struct tally *tally = kzalloc(sizeof(*tally), GFP_KERNEL_ACCOUNT);

	if (!tally)
		return NULL;
	tally->contexts = contexts;
	tally->contexts_nr = nr;
	return tally;
}

void dmaown_tally_free(struct tally *tally)
{
	unsigned int i;

	for (i = 0; i < tally->files_nr; i++)
		if (tally->files[i].kept)
			dmaown_fput(tally->files[i].kept);
	for (i = 0; i < tally->leaders_nr; i++)
		put_task_struct(tally->leaders[i]);
	dmaown_mapped_put(&tally->mapped);
	kfree(tally);
}

/* PROCESSES */

static bool tally_has_process(const struct tally *tally, const struct task_struct *task)
{
	unsigned int i;

	for (i = 0; i < tally->leaders_nr; i++)
		if (same_process(tally->leaders[i], task))
			return true;
	return false;
}

void dmaown_tally_add_process(struct tally *tally, struct task_struct *task)
{
	struct task_struct *leader;

	if (tally->leaders_nr == TALLY_PROCESSES || tally_has_process(tally, task))
		return;
	rcu_read_lock();
	leader = pid_task(task_tgid(task), PIDTYPE_TGID);
	if (leader && !(READ_ONCE(leader->flags) & PF_KTHREAD))
		tally->leaders[tally->leaders_nr++] = get_task_struct(leader);
	rcu_read_unlock();
}

bool dmaown_tally_add_parents(struct tally *tally)
{
	unsigned int i, nr = tally->leaders_nr;
	struct task_struct *parent;

	if (tally->has_parents)
		return false;
	tally->has_parents = true;
	for (i = 0; i < nr; i++) {
		rcu_read_lock();
		/* A task that has been reaped may have a parent that has been freed. */
		parent = pid_alive(tally->leaders[i]) ?
				 rcu_dereference(tally->leaders[i]->real_parent) :
				 NULL;
		if (parent && !is_global_init(parent))
			dmaown_tally_add_process(tally, parent);
		rcu_read_unlock();
	}
	return tally->leaders_nr > nr;
}

/* FILES */

/* Return: the number of a context, or contexts_nr if it is none of the tally. */
static unsigned int tally_number(const struct tally *tally, struct context ctx)
{
	unsigned int i;

	for (i = 0; i < tally->contexts_nr && tally->contexts[i].self != ctx.self; i++)
		;
	return i;
}

/* Find or add a file. Return: its index; TALLY_FILES if there is no room. */
static unsigned int tally_add_file(struct tally *tally, const struct holding *holding,
				   unsigned int number)
{
	struct tally_file *file;
	unsigned int i;

	for (i = 0; i < tally->files_nr; i++)
		if (tally->files[i].file == holding->file)
			return i;
	if (i == TALLY_FILES)
		return i;
	file = &tally->files[tally->files_nr++];
	*file = (struct tally_file){
		.file = (struct file *)holding->file,
		.via = holding->via,
		.number = number,
	};
	if (holding->device_file)
		file->kept = get_file(holding->device_file);
	if (holding->via == DMAOWN_VIA_DEVICE)
		file->device = holding->device->self;
	return i;
}

/* Has the process shown this descriptor before, in another table? It would count twice. */
static bool tally_has_entry(const struct tally *tally, unsigned int fd)
{
	unsigned int i;

	for (i = 0; i < tally->entries_nr; i++)
		if (tally->entries[i].process == tally->walked && tally->entries[i].fd == fd)
			return true;
	return false;
}

int dmaown_tally_add(struct tally *tally, const struct holding *holding)
{
	unsigned int number, file;

	if (holding->busy || holding->unseen || (holding->device && holding->device->removing))
		return 1;
	number = holding->ctx.self ? tally_number(tally, holding->ctx) : tally->contexts_nr;
	if (number == tally->contexts_nr || holding->fd == NO_FD)
		return 0;
	if (holding->via == DMAOWN_VIA_GROUP && dmaown_context_is_file(holding->ctx))
		return 1;
	file = tally_add_file(tally, holding, number);
	if (file == TALLY_FILES || tally->entries_nr == TALLY_ENTRIES ||
	    tally_has_entry(tally, holding->fd))
		return 1;
	tally->files[file].entries++;
	tally->entries[tally->entries_nr++] = (struct tally_entry){
		.process = tally->walked,
		.file = file,
		.fd = holding->fd,
	};
	return 0;
}

/* COUNTING, under all locks */

/* A descriptor in a thread's own table counts as missing, unless the leader's table has it, too. */
static bool tally_entries_exist(const struct tally *tally)
{
	unsigned int i;

	for (i = 0; i < tally->entries_nr; i++) {
		const struct tally_entry *entry = &tally->entries[i];
		struct files_struct *table = tally->leaders[entry->process]->files;

		lockdep_assert_held(&table->file_lock);
		if (files_lookup_fd_locked(table, entry->fd) != tally->files[entry->file].file)
			return false;
	}
	return true;
}

/*
 * Is nobody but threads of this process a user of its table? A thread becomes a user before its
 * start time is set, and does not come back after it has left the table. So each thread that is
 * counted was a user when the number of users was read. If there are too many threads to visit
 * them while tables are locked, the table does not count as private.
 */
static bool tally_table_is_private(const struct task_struct *leader)
{
	const struct files_struct *table = leader->files;
	const struct task_struct *thread;
	u64 now = ktime_get_boottime_ns();
	unsigned int steps = THREAD_STEPS;
	int users, threads = 0;

	smp_rmb(); /* Read the time before the number of users. */
	users = atomic_read(&table->count);
	smp_rmb(); /* Read the number of users before the threads. */
	rcu_read_lock();
	__for_each_thread(leader->signal, thread) {
		if (!steps--)
			break;
		threads += thread->start_boottime < now && READ_ONCE(thread->files) == table;
	}
	rcu_read_unlock();
	return users == threads;
}

static bool tally_tables_are_private(const struct tally *tally)
{
	unsigned int i;

	for (i = 0; i < tally->leaders_nr; i++)
		if (!tally_table_is_private(tally->leaders[i]))
			return false;
	return true;
}

static bool tally_has_mm(const struct tally *tally, const struct mm_struct *mm)
{
	unsigned int i;

	for (i = 0; i < tally->leaders_nr; i++)
		if (tally->leaders[i]->mm == mm)
			return true;
	return false;
}

/*
 * Count the mappings of a device's file. Return: the number, or -1 if another process maps the
 * device.
 */
static long tally_count_mappings(const struct tally *tally, const struct tally_file *file)
{
	struct address_space *mapping = file->kept->f_mapping;
	unsigned int steps = VMA_STEPS;
	struct rb_node *node;
	long nr = 0;

	/* A mapping that was made since is one reference too many. */
	if (!file->mapped)
		return 0;
	lockdep_assert_held(&mapping->i_mmap_rwsem);
	for (node = rb_first_cached(&mapping->i_mmap); node; node = rb_next(node)) {
		const struct vm_area_struct *vma = rb_entry(node, struct vm_area_struct, shared.rb);

		if (!steps-- || !tally_has_mm(tally, vma->vm_mm))
			return -1;
		nr += vma->vm_file == file->file;
	}
	return nr;
}

static unsigned int tally_count_kept(const struct snapshot *snapshot, const struct file *file)
{
	unsigned int i, nr = 0;

	for (i = 0; i < snapshot->kept_nr; i++)
		nr += snapshot->kept[i] == file;
	return nr;
}

/* Are all references on a file known that is not a context itself? The file has an entry. */
static bool tally_file_fits(const struct tally *tally, const struct tally_file *file,
			    const struct snapshot *snapshot)
{
	long known = file->entries, mappings;

	/* Another file may have got the address of one that was closed. */
	if (!file->kept && !dmaown_context_has_file(tally->contexts[file->number], file->file))
		return false;
	if (file->via == DMAOWN_VIA_CONTEXT &&
	    dmaown_context_is_file(tally->contexts[file->number]))
		return true;
	if (file->kept)
		known += 1 + tally_count_kept(snapshot, file->file);
	if (file->via == DMAOWN_VIA_GROUP)
		known += dmaown_vfio_group_users(file->kept->private_data);
	if (file->via == DMAOWN_VIA_DEVICE) {
		mappings = tally_count_mappings(tally, file);
		if (mappings < 0)
			return false;
		known += mappings;
	}
	return file_count(file->file) == known;
}

/* Is this the first file of its device? */
static bool tally_first_of_device(const struct tally *tally, const struct tally_file *file)
{
	const struct tally_file *other;

	for (other = tally->files; other < file; other++)
		if (other->device == file->device)
			return false;
	return true;
}

/* Are all open files of a device known? */
static bool tally_device_fits(const struct tally *tally, const struct tally_file *file)
{
	unsigned int i, nr = 0;

	for (i = 0; i < tally->files_nr; i++)
		nr += tally->files[i].device == file->device;
	return dmaown_vfio_file_opens(file->kept) == nr;
}

static bool tally_files_fit(const struct tally *tally, const struct snapshot *snapshot)
{
	const struct tally_file *file;

	for (file = tally->files; file < tally->files + tally->files_nr; file++)
		if (!tally_file_fits(tally, file, snapshot))
			return false;
	return true;
}

static bool tally_devices_fit(const struct tally *tally)
{
	const struct tally_file *file;

	for (file = tally->files; file < tally->files + tally->files_nr; file++)
		if (file->device && !tally_device_fits(tally, file))
			return false;
	return true;
}

/* The references that a file, and with its first file a device, have on their context. */
static unsigned int tally_references_of(const struct tally *tally, const struct tally_file *file)
{
	struct vfio_references references;

	switch (file->via) {
	case DMAOWN_VIA_CONTEXT:
		return dmaown_context_is_file(tally->contexts[file->number]) ? file->entries : 1;
	case DMAOWN_VIA_DEVICE:
		dmaown_vfio_file_references(file->kept, &references);
		return references.file + (tally_first_of_device(tally, file) * references.device);
	default:
		return 1;
	}
}

/*
 * Are all references on a context known, and the files of all devices that were opened through its
 * groups?
 */
static bool tally_context_fits(const struct tally *tally, unsigned int number)
{
	struct context ctx = tally->contexts[number];
	unsigned long known = 1;
	long devices = 0;
	const struct tally_file *file;

	for (file = tally->files; file < tally->files + tally->files_nr; file++) {
		if (file->number != number)
			continue;
		known += tally_references_of(tally, file);
		if (file->via == DMAOWN_VIA_GROUP)
			devices -= dmaown_vfio_group_users(file->kept->private_data);
		else if (file->device)
			devices += tally_first_of_device(tally, file);
	}
	return dmaown_context_references(ctx) == known && (dmaown_context_is_file(ctx) || !devices);
}

static bool tally_contexts_fit(const struct tally *tally)
{
	unsigned int i;

	for (i = 0; i < tally->contexts_nr; i++)
		if (!tally_context_fits(tally, i))
			return false;
	return true;
}

/*
 * Files of devices are counted last. A group of an iommufd context, which is not locked, can become
 * another open file of a device in it: whoever has the group opens the device through it, and then
 * takes the group out of the context. The other way round is not possible.
 */
static bool tally_counts_fit(const struct tally *tally, const struct snapshot *snapshot)
{
	if (!tally_files_fit(tally, snapshot) || !tally_contexts_fit(tally))
		return false;
	smp_rmb(); /* Read the references on the contexts before the open files of devices. */
	return tally_devices_fit(tally);
}

/* LOCKS */

static bool tally_count_from_table(const struct tally *tally, unsigned int i,
				   const struct snapshot *snapshot);

static bool tally_count_in_table(const struct tally *tally, unsigned int i,
				 struct files_struct *table, const struct snapshot *snapshot)
{
	bool fits;

	if (!spin_trylock(&table->file_lock))
		return false;
	fits = tally_count_from_table(tally, i + 1, snapshot);
	spin_unlock(&table->file_lock);
	return fits;
}

/* Lock the table of a process and those after it, and count. Return: false if one is locked. */
static bool tally_count_from_table(const struct tally *tally, unsigned int i,
				   const struct snapshot *snapshot)
{
	struct task_struct *leader;
	bool fits;

	if (i == tally->leaders_nr)
		return tally_entries_exist(tally) && tally_counts_fit(tally, snapshot) &&
		       tally_tables_are_private(tally);
	leader = tally->leaders[i];
	if (!spin_trylock(&leader->alloc_lock))
		return false;
	fits = leader->files && tally_count_in_table(tally, i, leader->files, snapshot);
	spin_unlock(&leader->alloc_lock);
	return fits;
}

static bool tally_count_from_file(struct tally *tally, unsigned int i,
				  const struct snapshot *snapshot);

static bool tally_count_from_group(struct tally *tally, unsigned int i,
				   const struct snapshot *snapshot)
{
	struct vfio_group *group = tally->files[i].kept->private_data;
	bool fits;

	if (!dmaown_vfio_group_trylock(group))
		return false;
	fits = dmaown_vfio_group_hint(group) == tally->contexts[tally->files[i].number].self &&
	       tally_count_from_file(tally, i + 1, snapshot);
	dmaown_vfio_group_unlock(group);
	return fits;
}

static bool tally_count_from_mapped(struct tally *tally, unsigned int i,
				    const struct snapshot *snapshot)
{
	struct address_space *mapping = tally->files[i].kept->f_mapping;
	bool fits;

	if (!i_mmap_trylock_read(mapping))
		return false;
	dmaown_mapped_add_locked(&tally->mapped, mapping);
	fits = tally_count_from_file(tally, i + 1, snapshot);
	i_mmap_unlock_read(mapping);
	return fits;
}

/* Lock what counting the files from this one on takes, then the tables, and count. */
static bool tally_count_from_file(struct tally *tally, unsigned int i,
				  const struct snapshot *snapshot)
{
	struct tally_file *file;

	if (i == tally->files_nr)
		return tally_count_from_table(tally, 0, snapshot);
	file = &tally->files[i];
	if (file->via == DMAOWN_VIA_GROUP)
		return tally_count_from_group(tally, i, snapshot);
	file->mapped = file->device && mapping_mapped(file->kept->f_mapping);
	if (file->mapped)
		return tally_count_from_mapped(tally, i, snapshot);
	return tally_count_from_file(tally, i + 1, snapshot);
}

/* Does a process use one of the address spaces that map a device? */
static bool tally_uses_mapped(const struct tally *tally, struct task_struct *leader)
{
	unsigned int i;

	for (i = 0; i < tally->mapped.nr; i++)
		if (dmaown_process_uses_mm(leader, tally->mapped.mms[i]))
			return true;
	return false;
}

/* Does no other process share the address space of one that maps a device? */
static bool tally_mms_are_private(const struct tally *tally)
{
	struct task_struct *leader;
	bool private = !tally->mapped.any;
	bool end = false;
	int nr = 1;

	if (!tally->mapped.nr)
		return private;
	while (private && !end) {
		leader = dmaown_find_next_process(&nr, &end);
		if (leader) {
			private = tally_has_process(tally, leader) ||
				  !tally_uses_mapped(tally, leader);
			put_task_struct(leader);
		}
		cond_resched();
		if (fatal_signal_pending(current))
			return false;
	}
	return private;
}

bool dmaown_tally_fits(struct tally *tally, const struct snapshot *snapshot)
{
	return tally_count_from_file(tally, 0, snapshot) && tally_mms_are_private(tally);
}

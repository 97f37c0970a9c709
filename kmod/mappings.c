// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walk the mappings of processes: a mapping keeps its file open.
 *
 * The tree of mappings and the files in it are read under mmap_lock, which is taken with a trylock:
 * a process can hold its own for a long time. A reference on mm_count is enough. An address space
 * without users loses its mappings under the write side of the lock, and its tree is empty
 * afterwards (kernel: mm/mmap.c, exit_mmap()). A reference on mm_users would delay that, and with
 * it the close of all that the process maps, beyond its exit.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "mapped.h"
#include "process.h"
#include "walk.h"

/* Mappings that are inspected under mmap_lock at a time */
#define VMA_STEPS 1024

/* Time to wait for each mmap_lock, in milliseconds, when that of the walk is used up */
#define MM_WAIT 1

/* Return: true if there may be more. */
static bool mappings_collect_locked(struct walk *walk, struct mm_struct *mm)
{
	VMA_ITERATOR(vmi, mm, walk->next_addr);
	const struct file *last = NULL;
	struct vm_area_struct *vma;

	mmap_assert_locked(mm);
	walk->steps = VMA_STEPS;
	for_each_vma(vmi, vma) {
		struct candidate *candidate = &walk->candidates[walk->nr];

		walk->next_addr = vma->vm_start;
		if (walk->nr == CANDIDATES_ROOM || !walk->steps--)
			return true;
		if (!vma->vm_file || vma->vm_file == last)
			continue;
		last = vma->vm_file;
		candidate->fd = NO_FD;
		candidate->addr = vma->vm_start;
		walk->nr += dmaown_walk_take(walk, vma->vm_file, candidate);
	}
	return false;
}

/* Return: 1 if there may be more; 0 if not; or -EAGAIN if the address space is locked. */
static int mappings_collect(struct walk *walk, struct mm_struct *mm)
{
	bool more;

	if (!mmap_read_trylock(mm))
		return -EAGAIN;
	more = mappings_collect_locked(walk, mm);
	mmap_read_unlock(mm);
	return more;
}

static int mappings_walk(struct walk *walk, struct task_struct *leader, struct mm_struct *mm)
{
	struct wait_budget budget = wait_budget_of(MM_WAIT);
	int more, ret = 0;

	do {
		more = mappings_collect(walk, mm);
		if (more == -EAGAIN && !lock_retry(&walk->budget) && !lock_retry(&budget))
			return dmaown_walk_show_incomplete(walk, leader);
		ret = dmaown_walk_show(walk, leader);
		if (fatal_signal_pending(current))
			ret = ret ?: -EINTR;
		cond_resched();
	} while (more && !ret);
	return ret;
}

/* A leader that has exited has no mm, but its process may have one. */
static bool mappings_wanted(const struct walk *walk, const struct mm_struct *mm)
{
	return !walk->mapped || !mm || dmaown_mapped_has(walk->mapped, mm);
}

int dmaown_walk_mappings(struct walk *walk, struct task_struct *leader)
{
	struct mm_struct *mm;
	int ret;

	if (!mappings_wanted(walk, READ_ONCE(leader->mm)))
		return 0;
	mm = dmaown_process_grab_mm(leader);
	if (!mm)
		return 0;
	walk->next_addr = 0;
	ret = mappings_walk(walk, leader, mm);
	mmdrop(mm);
	return ret;
}

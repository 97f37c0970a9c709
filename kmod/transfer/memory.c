// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compare memory: the new owner must map what the old owner maps, the same object and offset,
 * shared, and with the permissions that pinning needs; or it must map the pages that are pinned.
 * Nothing is faulted in.
 */
#include <linux/fs.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>

#include "context.h"
#include "memory.h"
#include "shown.h"

/* Mappings that are compared before the locks are dropped for a moment */
#define HOLD_STEPS 1024

/* VMAs that a walk steps over before it searches the tree of VMAs from its root */
#define WALK_NEAR 4

static void vma_walk_begin(struct vma_walk *walk, struct mm_struct *mm)
{
	vma_iter_init(&walk->after, mm, 0);
	walk->vma = NULL;
	walk->reached = ULONG_MAX;
}

/* Return: the VMA at addr, or the next one, or NULL. */
static struct vm_area_struct *vma_walk_to(struct vma_walk *walk, unsigned long addr)
{
	unsigned int near = WALK_NEAR;

	if (addr < walk->reached) {
		vma_iter_set(&walk->after, addr);
		walk->vma = vma_next(&walk->after);
	}
	walk->reached = addr;
	while (walk->vma && addr >= walk->vma->vm_end) {
		if (!near--)
			vma_iter_set(&walk->after, addr);
		walk->vma = vma_next(&walk->after);
	}
	return walk->vma;
}

void dmaown_memory_init(struct memory *memory, struct mm_struct *new_mm)
{
	*memory = (struct memory){ .new_mm = new_mm };
}

/* Take the second lock with a trylock, too: so there is no lock order to keep. */
static bool memory_trylock(struct mm_struct *old_mm, struct mm_struct *new_mm)
{
	if (!mmap_read_trylock(old_mm))
		return false;
	if (new_mm == old_mm || mmap_read_trylock(new_mm))
		return true;
	mmap_read_unlock(old_mm);
	return false;
}

bool dmaown_memory_hold(struct memory *memory, struct mm_struct *old_mm)
{
	if (memory->old_mm == old_mm && memory->steps)
		return true;
	dmaown_memory_end(memory);
	cond_resched();
	if (!memory_trylock(old_mm, memory->new_mm))
		return false;
	memory->old_mm = old_mm;
	memory->steps = HOLD_STEPS;
	vma_walk_begin(&memory->old, old_mm);
	vma_walk_begin(&memory->new, memory->new_mm);
	return true;
}

void dmaown_memory_end(struct memory *memory)
{
	if (!memory->old_mm)
		return;
	if (memory->new_mm != memory->old_mm)
		mmap_read_unlock(memory->new_mm);
	mmap_read_unlock(memory->old_mm);
	memory->old_mm = NULL;
}

static bool memory_is_hole(const struct vm_area_struct *vma, unsigned long addr)
{
	return !vma || addr < vma->vm_start;
}

/* The number of bytes from addr to the end of the VMA, or of the hole before it. */
static unsigned long memory_stretch(const struct vm_area_struct *vma, unsigned long addr)
{
	if (!vma)
		return ULONG_MAX;
	return (memory_is_hole(vma, addr) ? vma->vm_start : vma->vm_end) - addr;
}

/*
 * Files of different types share the anonymous inode: there only the same open file is the same
 * memory.
 */
static bool memory_same_object(const struct file *a, const struct file *b)
{
	if (a == b)
		return true;
	return dmaown_shown_has_inode(a) && dmaown_shown_has_inode(b) &&
	       a->f_mapping == b->f_mapping;
}

/*
 * Can this mapping of the new owner be pinned and shared at all? Return: 0, or the reason why not.
 */
static enum dmaown_reason memory_check_new(const struct vm_area_struct *vma, unsigned long addr,
					   u8 want)
{
	if (memory_is_hole(vma, addr))
		return DMAOWN_REASON_HOLE;
	if (!shown_is_shared(vma))
		return DMAOWN_REASON_PRIVATE;
	if ((vma->vm_flags & (VM_IO | VM_PFNMAP)) && !(want & MEMORY_IO))
		return DMAOWN_REASON_IO;
	return 0;
}

static enum dmaown_reason memory_check_permission(const struct vm_area_struct *vma, u8 want)
{
	vm_flags_t need = VM_READ | (want & MEMORY_WRITE ? VM_WRITE : 0);

	return (vma->vm_flags & need) == need ? 0 : DMAOWN_REASON_PERMISSION;
}

/* Return: 0 if both are the same memory, or the reason why not. */
static enum dmaown_reason memory_compare_vmas(const struct vm_area_struct *old_vma,
					      unsigned long old_addr,
					      const struct vm_area_struct *new_vma,
					      unsigned long new_addr, u8 want)
{
	enum dmaown_reason reason;

	if (memory_is_hole(old_vma, old_addr))
		return DMAOWN_REASON_OLD_HOLE;
	if (!shown_is_shared(old_vma))
		return DMAOWN_REASON_OLD_PRIVATE;
	reason = memory_check_new(new_vma, new_addr, want);
	if (reason)
		return reason;
	if (!memory_same_object(old_vma->vm_file, new_vma->vm_file))
		return DMAOWN_REASON_OBJECT;
	if (shown_offset_at(old_vma, old_addr) != shown_offset_at(new_vma, new_addr))
		return DMAOWN_REASON_OFFSET;
	return memory_check_permission(new_vma, want);
}

unsigned long dmaown_memory_compare(struct memory *memory, unsigned long old_addr,
				    unsigned long new_addr, unsigned long length, u8 want,
				    memory_fn fn, void *arg)
{
	unsigned long done = 0;

	lockdep_assert_held_read(&memory->old_mm->mmap_lock);
	lockdep_assert_held_read(&memory->new_mm->mmap_lock);
	for (; done < length && memory->steps; memory->steps--) {
		unsigned long old_at = old_addr + done;
		unsigned long new_at = new_addr + done;
		struct vm_area_struct *old_vma = vma_walk_to(&memory->old, old_at);
		struct vm_area_struct *new_vma = vma_walk_to(&memory->new, new_at);
		enum dmaown_reason reason =
			memory_compare_vmas(old_vma, old_at, new_vma, new_at, want);
		unsigned long step = min3(memory_stretch(old_vma, old_at),
					  memory_stretch(new_vma, new_at), length - done);

		if (reason && fn(reason, old_at, step, arg))
			break;
		done += step;
	}
	return done;
}

/*
 * Compare pages within one folio. Reclaim does not remove pinned pages from the page cache (kernel:
 * mm/vmscan.c). Return: the number of pages from addr on, at least one, with the result in *reason.
 */
static unsigned int memory_compare_folio(const struct vm_area_struct *vma, unsigned long addr,
					 const unsigned long *pfns, unsigned int nr,
					 enum dmaown_reason *reason)
{
	unsigned int same = 0;
	unsigned long pfn;

	*reason = DMAOWN_REASON_NOT_PINNED;
	if (pfns[0] == PFN_NONE)
		return 1;
	*reason = DMAOWN_REASON_NO_PAGES;
	pfn = dmaown_shown_in_cache(vma, addr, &nr);
	if (pfn == PFN_NONE)
		return 1;
	*reason = DMAOWN_REASON_PAGES;
	while (same < nr && pfns[same] == pfn + same)
		same++;
	if (!same)
		return 1;
	*reason = 0;
	return same;
}

/*
 * Compare memory of a device, which is in the page tables and in no page cache. Return: as
 * memory_compare_folio().
 */
static unsigned int memory_compare_mapped(struct vm_area_struct *vma, unsigned long addr,
					  const unsigned long *pfns, unsigned int nr,
					  enum dmaown_reason *reason)
{
	unsigned long pfn = dmaown_shown_of_device(vma, addr);
	unsigned int same;

	*reason = DMAOWN_REASON_NOT_PINNED;
	if (pfns[0] == PFN_NONE)
		return 1;
	*reason = pfn == PFN_NONE ? DMAOWN_REASON_NO_PAGES : DMAOWN_REASON_PAGES;
	if (pfn != pfns[0])
		return 1;
	*reason = 0;
	for (same = 1; same < nr && pfns[same] != PFN_NONE; same++)
		if (dmaown_shown_of_device(vma, addr + ((unsigned long)same << PAGE_SHIFT)) !=
		    pfns[same])
			break;
	return same;
}

/* Compare pages with a VMA, or with the hole before it. Return: as memory_compare_folio(). */
static unsigned long memory_compare_vma_pfns(struct vm_area_struct *vma, unsigned long addr,
					     const unsigned long *pfns, unsigned long nr, u8 want,
					     enum dmaown_reason *reason)
{
	nr = min(nr, memory_stretch(vma, addr) >> PAGE_SHIFT);
	*reason = memory_check_new(vma, addr, want) ?: memory_check_permission(vma, want);
	if (*reason)
		return nr;
	if (vma->vm_flags & VM_PFNMAP)
		return memory_compare_mapped(vma, addr, pfns, nr, reason);
	return memory_compare_folio(vma, addr, pfns, nr, reason);
}

int dmaown_memory_compare_pfns(struct mm_struct *mm, unsigned long addr, const unsigned long *pfns,
			       unsigned int nr, u8 want, memory_fn fn, void *arg)
{
	struct vma_walk walk;
	unsigned int done = 0;
	int ret = 0;

	if (!mmap_read_trylock(mm))
		return -EBUSY;
	vma_walk_begin(&walk, mm);
	while (done < nr && !ret) {
		unsigned long at = addr + ((unsigned long)done << PAGE_SHIFT);
		enum dmaown_reason reason;
		unsigned long step;

		step = memory_compare_vma_pfns(vma_walk_to(&walk, at), at, &pfns[done], nr - done,
					       want, &reason);
		if (reason)
			ret = fn(reason, at, step << PAGE_SHIFT, arg);
		done += step;
	}
	mmap_read_unlock(mm);
	return ret;
}

/*
 * mmap_lock.h has no write trylock, but the rwsem alone is enough: mmap_write_lock() also announces
 * changes to VMAs, and there are none.
 */
int dmaown_memory_charge(struct mm_struct *mm, unsigned long npages, unsigned long unlimited,
			 struct task_struct *task, unsigned long *locked)
{
	int ret = 0;

	if (!down_write_trylock(&mm->mmap_lock))
		return -EBUSY;
	*locked = mm->locked_vm + npages;
	if (npages)
		ret = __account_locked_vm(mm, npages, true, task, false);
	if (!ret)
		ret = __account_locked_vm(mm, unlimited, true, task, true);
	up_write(&mm->mmap_lock);
	return ret;
}

int dmaown_memory_uncharge(struct mm_struct *mm, unsigned long npages)
{
	if (!down_write_trylock(&mm->mmap_lock))
		return -EBUSY;
	__account_locked_vm(mm, npages, false, current, true);
	up_write(&mm->mmap_lock);
	return 0;
}

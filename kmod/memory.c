// SPDX-License-Identifier: GPL-2.0-only
/*
 * The same memory: what the new owner maps must be what the old one maps, object and offset,
 * shared, and with the permissions that pinning it needs; or it must be the pages that are pinned.
 * Nothing is faulted in.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pagemap.h>

#include "context.h"
#include "memory.h"

bool memory_begin(struct memory *memory, struct mm_struct *old_mm, struct mm_struct *new_mm)
{
	*memory = (struct memory){ .old_mm = old_mm, .new_mm = new_mm };
	if (!mmap_read_trylock(old_mm))
		return false;
	if (new_mm == old_mm || mmap_read_trylock(new_mm))
		return true;
	mmap_read_unlock(old_mm);
	return false;
}

void memory_end(struct memory *memory)
{
	if (memory->new_mm != memory->old_mm)
		mmap_read_unlock(memory->new_mm);
	mmap_read_unlock(memory->old_mm);
}

/* The VMA at addr, or the next one, or NULL; asks the tree only if it is not the one found last. */
static struct vm_area_struct *vma_at(struct mm_struct *mm, struct vm_area_struct **last,
				     unsigned long addr)
{
	struct vm_area_struct *vma = *last;

	if (!vma || addr < vma->vm_start || addr >= vma->vm_end)
		vma = find_vma(mm, addr);
	*last = vma;
	return vma;
}

static bool is_hole(const struct vm_area_struct *vma, unsigned long addr)
{
	return !vma || addr < vma->vm_start;
}

/* How many bytes from addr on look the same: the rest of the VMA, or of the hole before it. */
static unsigned long stretch(const struct vm_area_struct *vma, unsigned long addr)
{
	if (!vma)
		return ULONG_MAX;
	return (is_hole(vma, addr) ? vma->vm_start : vma->vm_end) - addr;
}

static unsigned long offset_at(const struct vm_area_struct *vma, unsigned long addr)
{
	return vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
}

/* VM_SHARED is not set for a read-only shared mapping of a file that was opened read-only. */
static bool is_shared(const struct vm_area_struct *vma)
{
	return vma->vm_file && (vma->vm_flags & VM_MAYSHARE);
}

/*
 * Regular files, shmem and hugetlbfs have an inode of their own, which is the memory. Behind an
 * anonymous inode the file may be anything: there, only the same open file is the same memory.
 */
static bool inode_is_memory(const struct inode *inode)
{
#ifdef IS_ANON_FILE
	if (IS_ANON_FILE(inode))
		return false;
#endif
	return S_ISREG(inode->i_mode);
}

static bool same_object(const struct file *a, const struct file *b)
{
	if (inode_is_memory(file_inode(a)) && inode_is_memory(file_inode(b)))
		return a->f_mapping == b->f_mapping;
	return a == b;
}

/* Whether a mapping of the new owner's can be pinned and shared at all; 0: yes. */
static enum dmaown_reason check_new(const struct vm_area_struct *vma, unsigned long addr, u8 want)
{
	if (is_hole(vma, addr))
		return DMAOWN_REASON_HOLE;
	if (!is_shared(vma))
		return DMAOWN_REASON_PRIVATE;
	if ((vma->vm_flags & (VM_IO | VM_PFNMAP)) && !(want & MEMORY_IO))
		return DMAOWN_REASON_IO;
	return 0;
}

static enum dmaown_reason check_permission(const struct vm_area_struct *vma, u8 want)
{
	vm_flags_t need = VM_READ | (want & MEMORY_WRITE ? VM_WRITE : 0);

	return (vma->vm_flags & need) == need ? 0 : DMAOWN_REASON_PERMISSION;
}

/* 0: the same. */
static enum dmaown_reason compare(const struct vm_area_struct *old_vma, unsigned long old_addr,
				  const struct vm_area_struct *new_vma, unsigned long new_addr,
				  u8 want)
{
	enum dmaown_reason reason;

	if (is_hole(old_vma, old_addr))
		return DMAOWN_REASON_OLD_HOLE;
	if (!is_shared(old_vma))
		return DMAOWN_REASON_OLD_PRIVATE;
	reason = check_new(new_vma, new_addr, want);
	if (reason)
		return reason;
	if (!same_object(old_vma->vm_file, new_vma->vm_file))
		return DMAOWN_REASON_OBJECT;
	if (offset_at(old_vma, old_addr) != offset_at(new_vma, new_addr))
		return DMAOWN_REASON_OFFSET;
	return check_permission(new_vma, want);
}

unsigned long memory_compare(struct memory *memory, unsigned long old_addr, unsigned long new_addr,
			     unsigned long length, u8 want, unsigned int *steps, memory_fn fn,
			     void *arg)
{
	unsigned long done = 0;

	for (; done < length && *steps; --*steps) {
		unsigned long old_at = old_addr + done;
		unsigned long new_at = new_addr + done;
		struct vm_area_struct *old_vma = vma_at(memory->old_mm, &memory->old_vma, old_at);
		struct vm_area_struct *new_vma = vma_at(memory->new_mm, &memory->new_vma, new_at);
		enum dmaown_reason reason = compare(old_vma, old_at, new_vma, new_at, want);
		unsigned long step =
			min3(stretch(old_vma, old_at), stretch(new_vma, new_at), length - done);

		if (reason && fn(reason, old_at, step, arg))
			break;
		done += step;
	}
	return done;
}

/*
 * How many pages from addr on, at least one, fare alike, within one folio. What a shared mapping of
 * a file shows, now or once it is touched, is what is in the file's page cache; asking that instead
 * of the page tables faults nothing in, and so waits for nobody. Reclaim leaves there what is
 * pinned (kernel: mm/vmscan.c). Memory that is in no page cache, such as that of a device, is not
 * found.
 */
static unsigned int compare_folio(const struct vm_area_struct *vma, unsigned long addr,
				  const unsigned long *pfns, unsigned int nr,
				  enum dmaown_reason *reason)
{
	pgoff_t index = offset_at(vma, addr);
	unsigned long pfn, within;
	unsigned int same = 0;
	struct folio *folio;

	*reason = DMAOWN_REASON_NOT_PINNED;
	if (pfns[0] == PFN_NONE)
		return 1;
	*reason = DMAOWN_REASON_NO_PAGES;
	folio = filemap_get_folio(vma->vm_file->f_mapping, index);
	if (IS_ERR(folio))
		return 1;
	*reason = DMAOWN_REASON_PAGES;
	within = index - folio->index;
	pfn = folio_pfn(folio) + within;
	nr = min_t(unsigned long, nr, folio_nr_pages(folio) - within);
	while (same < nr && pfns[same] == pfn + same)
		same++;
	folio_put(folio);
	if (!same)
		return 1;
	*reason = 0;
	return same;
}

/* The page frame of a device that is mapped at an address; PFN_NONE if nothing is yet. */
static unsigned long mapped_pfn(struct vm_area_struct *vma, unsigned long addr)
{
	struct follow_pfnmap_args args = { .vma = vma, .address = addr };
	unsigned long pfn;

	if (follow_pfnmap_start(&args))
		return PFN_NONE;
	pfn = args.pfn;
	follow_pfnmap_end(&args);
	return pfn;
}

/* The same for memory of a device, which is in no page cache, but in the page tables. */
static unsigned int compare_mapped(struct vm_area_struct *vma, unsigned long addr,
				   const unsigned long *pfns, unsigned int nr,
				   enum dmaown_reason *reason)
{
	unsigned long pfn = mapped_pfn(vma, addr);
	unsigned int same;

	*reason = DMAOWN_REASON_NOT_PINNED;
	if (pfns[0] == PFN_NONE)
		return 1;
	*reason = pfn == PFN_NONE ? DMAOWN_REASON_NO_PAGES : DMAOWN_REASON_PAGES;
	if (pfn != pfns[0])
		return 1;
	*reason = 0;
	for (same = 1; same < nr && pfns[same] != PFN_NONE; same++)
		if (mapped_pfn(vma, addr + ((unsigned long)same << PAGE_SHIFT)) != pfns[same])
			break;
	return same;
}

/* The same for what may be no file at all. */
static unsigned long compare_pfns(struct vm_area_struct *vma, unsigned long addr,
				  const unsigned long *pfns, unsigned long nr, u8 want,
				  enum dmaown_reason *reason)
{
	nr = min(nr, stretch(vma, addr) >> PAGE_SHIFT);
	*reason = check_new(vma, addr, want) ?: check_permission(vma, want);
	if (*reason)
		return nr;
	if (vma->vm_flags & VM_PFNMAP)
		return compare_mapped(vma, addr, pfns, nr, reason);
	return compare_folio(vma, addr, pfns, nr, reason);
}

int memory_compare_pfns(struct mm_struct *mm, unsigned long addr, const unsigned long *pfns,
			unsigned int nr, u8 want, memory_fn fn, void *arg)
{
	struct vm_area_struct *vma = NULL;
	unsigned int done = 0;
	int ret = 0;

	if (!mmap_read_trylock(mm))
		return -EBUSY;
	while (done < nr && !ret) {
		unsigned long at = addr + ((unsigned long)done << PAGE_SHIFT);
		enum dmaown_reason reason;
		unsigned long step;

		step = compare_pfns(vma_at(mm, &vma, at), at, &pfns[done], nr - done, want,
				    &reason);
		if (reason)
			ret = fn(reason, at, step << PAGE_SHIFT, arg);
		done += step;
	}
	mmap_read_unlock(mm);
	return ret;
}

/*
 * mmap_lock.h has no write trylock. The rwsem alone will do: the rest of mmap_write_lock()
 * announces changes to VMAs, and none are made.
 */
int memory_charge(struct mm_struct *mm, unsigned long npages, unsigned long unlimited,
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

int memory_uncharge(struct mm_struct *mm, unsigned long npages)
{
	if (!down_write_trylock(&mm->mmap_lock))
		return -EBUSY;
	__account_locked_vm(mm, npages, false, current, true);
	up_write(&mm->mmap_lock);
	return 0;
}

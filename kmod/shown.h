/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page frames that an address space shows: those that its page tables have, or would have once
 * the page is touched. Nothing is faulted in, and no lock of the process is waited for.
 */
#ifndef DMAOWN_SHOWN_H
#define DMAOWN_SHOWN_H

#include <linux/mm.h>
#include <linux/types.h>

/* The offset, in pages, of an address in the file that a VMA maps. */
static inline unsigned long shown_offset_at(const struct vm_area_struct *vma, unsigned long addr)
{
	return vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
}

/* VM_SHARED is not set in a read-only shared mapping of a file that was opened read-only. */
static inline bool shown_is_shared(const struct vm_area_struct *vma)
{
	return vma->vm_file && (vma->vm_flags & VM_MAYSHARE);
}

/*
 * Is the file's inode its own, so that it identifies the memory? It is for regular files, shmem and
 * hugetlbfs.
 */
bool dmaown_shown_has_inode(const struct file *file);

/*
 * Look up the page of a shared mapping of a file in the page cache. *nr is lowered to the pages
 * that follow on each other from there on. Called under mmap_lock. Return: the page frame, or
 * PFN_NONE (context.h).
 */
unsigned long dmaown_shown_in_cache(const struct vm_area_struct *vma, unsigned long addr,
				    unsigned int *nr);

/*
 * Look up memory of a device (VM_IO or VM_PFNMAP) in the page tables. Called under mmap_lock.
 * Return: the page frame, or PFN_NONE if none is mapped yet.
 */
unsigned long dmaown_shown_of_device(struct vm_area_struct *vma, unsigned long addr);

/*
 * Compare nr page frames, which may be PFN_NONE, with what an address space shows from addr on. The
 * caller needs a reference on mm_count only. Sets an enum dmaown_difference for each page; 0 if it
 * is the same, or if the page frame is PFN_NONE. scratch has room for nr pointers. Return: 0, or
 * -EBUSY if mmap_lock is not available at once.
 */
int dmaown_shown_compare(struct mm_struct *mm, unsigned long addr, const unsigned long *pfns,
			 unsigned int nr, u8 *differences, struct page **scratch);

#endif

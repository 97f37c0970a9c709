/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_MEMORY_H
#define DMAOWN_MEMORY_H

#include <linux/types.h>
#include "uapi/dmaown.h"

/* What the new owner's mapping must be, or may be. */
enum {
	MEMORY_WRITE = 1,		/* writable */
	MEMORY_IO = 2,			/* of a device */
};

struct mm_struct;
struct task_struct;
struct vm_area_struct;

/*
 * Whether two address spaces map the same memory. Both mmap_locks are held for reading from
 * memory_begin() to memory_end(), which keeps the VMAs that are remembered in between.
 */
struct memory {
	struct mm_struct *old_mm;
	struct mm_struct *new_mm;
	struct vm_area_struct *old_vma;		/* looked at last, or NULL */
	struct vm_area_struct *new_vma;
};

/* False if one of the locks is not to be had at once. Both address spaces have users. */
bool memory_begin(struct memory *memory, struct mm_struct *old_mm, struct mm_struct *new_mm);
void memory_end(struct memory *memory);

/*
 * Told about each stretch that is not the same: where it begins (in the old address space, if there
 * is one), and its length. An error that it returns ends the comparison there.
 */
typedef int (*memory_fn)(enum dmaown_reason reason, unsigned long addr, unsigned long length,
			 void *arg);

/*
 * Compares length bytes from old_addr on in the old address space with those from new_addr on in
 * the new one (want: MEMORY_*), in at most *steps steps, of which it takes off what it needed.
 * Returns how far it came, in bytes.
 */
unsigned long memory_compare(struct memory *memory, unsigned long old_addr, unsigned long new_addr,
			     unsigned long length, u8 want, unsigned int *steps, memory_fn fn,
			     void *arg);

/*
 * Compares what an address space maps from addr on with page frames, one for each of nr pages, some
 * of which may be PFN_NONE (context.h). fn is told the addresses of what is not the same. -EBUSY if
 * the mmap_lock is not to be had at once.
 */
int memory_compare_pfns(struct mm_struct *mm, unsigned long addr, const unsigned long *pfns,
			unsigned int nr, u8 want, memory_fn fn, void *arg);

/*
 * Both change the locked pages of an address space (VmLck) if its mmap_lock is to be had at once,
 * else -EBUSY. Charging fails with -ENOMEM if npages, before the others, would exceed the task's
 * RLIMIT_MEMLOCK; *locked is what there would be.
 */
int memory_charge(struct mm_struct *mm, unsigned long npages, unsigned long unlimited,
		  struct task_struct *task, unsigned long *locked);
int memory_uncharge(struct mm_struct *mm, unsigned long npages);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_TRANSFER_MEMORY_H
#define DMAOWN_TRANSFER_MEMORY_H

#include <linux/types.h>
#include "uapi/dmaown.h"

/* Properties that the new owner's mapping must or may have. */
enum {
	MEMORY_WRITE = 1, /* must be writable */
	MEMORY_IO = 2,	  /* may be memory of a device */
};

struct mm_struct;
struct task_struct;
struct vm_area_struct;

/*
 * A comparison of two address spaces. Both mmap_locks are held for reading from
 * dmaown_memory_begin() to dmaown_memory_end(), which keeps the VMAs that are cached in between.
 */
struct memory {
	struct mm_struct *old_mm;
	struct mm_struct *new_mm;
	struct vm_area_struct *old_vma; /* found last, or NULL */
	struct vm_area_struct *new_vma;
};

/* Both address spaces have users. Return: false if one of the locks is not available at once. */
bool dmaown_memory_begin(struct memory *memory, struct mm_struct *old_mm, struct mm_struct *new_mm);
void dmaown_memory_end(struct memory *memory);

/*
 * Called for each stretch that differs, with its address (in the old address space, if there is
 * one) and length. A return value other than 0 ends the comparison.
 */
typedef int (*memory_fn)(enum dmaown_reason reason, unsigned long addr, unsigned long length,
			 void *arg);

/*
 * Compare length bytes at old_addr in the old address space with those at new_addr in the new one,
 * in at most *steps steps. Subtracts the steps that were used. want: MEMORY_*. Return: the number
 * of bytes compared.
 */
unsigned long dmaown_memory_compare(struct memory *memory, unsigned long old_addr,
				    unsigned long new_addr, unsigned long length, u8 want,
				    unsigned int *steps, memory_fn fn, void *arg);

/*
 * Compare the mappings of an address space from addr on with nr page frames, which may be PFN_NONE
 * (context.h). fn gets the addresses of stretches that differ. want: MEMORY_*. Return: 0; -EBUSY if
 * the mmap_lock is not available at once; or the value of fn.
 */
int dmaown_memory_compare_pfns(struct mm_struct *mm, unsigned long addr, const unsigned long *pfns,
			       unsigned int nr, u8 want, memory_fn fn, void *arg);

/*
 * Change the locked pages of an address space (VmLck). Return: 0; -EBUSY if its mmap_lock is not
 * available at once. Charging also fails with -ENOMEM if npages would exceed the task's
 * RLIMIT_MEMLOCK; *locked is the total with npages. The pages in unlimited are added last, without
 * a limit.
 */
int dmaown_memory_charge(struct mm_struct *mm, unsigned long npages, unsigned long unlimited,
			 struct task_struct *task, unsigned long *locked);
int dmaown_memory_uncharge(struct mm_struct *mm, unsigned long npages);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_TRANSFER_MEMORY_H
#define DMAOWN_TRANSFER_MEMORY_H

#include <linux/mm_types.h>
#include <linux/types.h>
#include "uapi/dmaown.h"

/* Properties that the new owner's mapping must or may have. */
enum {
	MEMORY_WRITE = 1, /* must be writable */
	MEMORY_IO = 2,	  /* may be memory of a device */
};

struct task_struct;

/* A walk through the VMAs of an address space. Valid while its mmap_lock is held. */
struct vma_walk {
	struct vma_iterator after;
	struct vm_area_struct *vma; /* the first one that ends after reached, or NULL */
	unsigned long reached;	    /* address that was looked up last */
};

/*
 * A comparison of two address spaces. Both mmap_locks are held for reading from
 * dmaown_memory_hold() to dmaown_memory_end().
 */
struct memory {
	struct mm_struct *old_mm; /* NULL if no lock is held */
	struct mm_struct *new_mm;
	struct vma_walk old;
	struct vma_walk new;
	unsigned int steps; /* left until the locks are dropped for a moment */
};

void dmaown_memory_init(struct memory *memory, struct mm_struct *new_mm);

/*
 * Take both locks for a comparison with old_mm, or keep them. Drops them for a moment, and
 * reschedules, if they were held for another address space or for many steps. Both address spaces
 * have users. Return: false if a lock is not available at once: then none is held.
 */
bool dmaown_memory_hold(struct memory *memory, struct mm_struct *old_mm);
void dmaown_memory_end(struct memory *memory);

/*
 * Called for each stretch that differs, with its address (in the old address space, if there is
 * one) and length. A return value other than 0 ends the comparison.
 */
typedef int (*memory_fn)(enum dmaown_reason reason, unsigned long addr, unsigned long length,
			 void *arg);

/*
 * Compare length bytes at old_addr in the old address space with those at new_addr in the new one,
 * until the steps are used up. Rising addresses are quick. want: MEMORY_*. Return: the number of
 * bytes compared.
 */
unsigned long dmaown_memory_compare(struct memory *memory, unsigned long old_addr,
				    unsigned long new_addr, unsigned long length, u8 want,
				    memory_fn fn, void *arg);

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

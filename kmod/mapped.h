/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Address spaces that map files of VFIO devices or of contexts. A search that knows them need not
 * walk the mappings of all processes.
 */
#ifndef DMAOWN_MAPPED_H
#define DMAOWN_MAPPED_H

#include <linux/types.h>

struct address_space;
struct mm_struct;

#define MAPPED_MAX 32

struct mapped {
	struct mm_struct *mms[MAPPED_MAX]; /* with references on mm_count */
	unsigned int nr;
	bool any; /* there may be others: walk the mappings of all processes */
};

/* Add the address spaces in which a file is mapped. Does not wait. _locked: i_mmap is locked. */
void dmaown_mapped_add(struct mapped *mapped, struct address_space *mapping);
void dmaown_mapped_add_locked(struct mapped *mapped, struct address_space *mapping);
void dmaown_mapped_put(struct mapped *mapped);

/* Is the address space one of them? It is only compared. */
bool dmaown_mapped_has(const struct mapped *mapped, const struct mm_struct *mm);

#endif

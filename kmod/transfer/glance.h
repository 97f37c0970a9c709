/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compare the memory of areas while they are walked, under the contexts' locks. That spares two
 * more walks, and keeps other threads out of the contexts for at most about as long again. All
 * locks are taken with a trylock, and whatever is not the same at once ends the glance: then
 * verify.h looks closely.
 */
#ifndef DMAOWN_TRANSFER_GLANCE_H
#define DMAOWN_TRANSFER_GLANCE_H

#include "range.h"

/* Ranges that are compared at a time; a virtual machine monitor has few mappings */
#define GLANCE_RANGES 32

/* All zeroes: nothing has been compared. */
struct glance {
	struct mem_range ranges[GLANCE_RANGES]; /* not compared yet */
	unsigned int nr;
	unsigned int allowed; /* steps for the areas until now */
	unsigned int used;    /* of these */
	bool failed;
};

void dmaown_glance_forget(struct glance *glance);

/*
 * Add the range of a number of areas. Its address space has users, and the new owner's, to, has
 * other memory. May compare what was added before, and reschedule. Return: false if the memory is
 * not known to be the same.
 */
bool dmaown_glance_add(struct glance *glance, struct mm_struct *to, const struct mem_range *range,
		       unsigned int areas);

/* Compare the rest. Return: true if all memory is the same. */
bool dmaown_glance_end(struct glance *glance, struct mm_struct *to);

#endif

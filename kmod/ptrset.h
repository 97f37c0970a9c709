/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_PTRSET_H
#define DMAOWN_PTRSET_H

#include <linux/types.h>

/*
 * Counts how often each of many objects (pages objects, files, contexts) was seen. Only addresses
 * are kept, and never dereferenced. Room is reserved beforehand, so that objects can be added where
 * sleeping is not allowed.
 */
struct ptrset {
	struct ptrset_slot *slots;
	unsigned int order; /* log2 of the number of slots */
	unsigned int used;
};

void dmaown_ptrset_init(struct ptrset *set);
void dmaown_ptrset_free(struct ptrset *set);
void dmaown_ptrset_clear(struct ptrset *set);

/* Clear the set, and free a large table that would make each later clearing slow. */
void dmaown_ptrset_renew(struct ptrset *set);

/* Make room for nr different objects in all. Keeps the content. May sleep. Return: 0 or -ENOMEM. */
int dmaown_ptrset_reserve(struct ptrset *set, unsigned int nr);

/* The number of different objects that fit in all. */
unsigned int dmaown_ptrset_room(const struct ptrset *set);

/* Is there room for one more object? */
bool dmaown_ptrset_has_room(const struct ptrset *set);

/*
 * Count an object. The caller has reserved room. Return: how often it has been added, including
 * this time.
 */
unsigned int dmaown_ptrset_add(struct ptrset *set, const void *object);

/* A number stored with an object that has been added; 0 at first. */
u64 *dmaown_ptrset_value(const struct ptrset *set, const void *object);

/* The number of times that an object has been added. */
unsigned int dmaown_ptrset_count(const struct ptrset *set, const void *object);

#endif

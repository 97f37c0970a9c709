/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_PTRSET_H
#define DMAOWN_PTRSET_H

#include <linux/types.h>

/*
 * How often each of many objects (pages objects, files, contexts) was met. Only the addresses are
 * kept: nothing behind them is read. Room is made beforehand, so that adding can be done where
 * nothing may sleep.
 */
struct ptrset {
	struct ptrset_slot *slots;
	unsigned int order;		/* log2 of the number of slots */
	unsigned int used;
};

void ptrset_init(struct ptrset *set);
void ptrset_free(struct ptrset *set);
void ptrset_clear(struct ptrset *set);

/* Clears it, and lets go of room that would make clearing costly for all that follows. */
void ptrset_renew(struct ptrset *set);

/* Makes room for nr different objects, keeping what is there; may sleep. */
int ptrset_reserve(struct ptrset *set, unsigned int nr);

/* How many different ones fit in all. */
unsigned int ptrset_room(const struct ptrset *set);

/* True if one more different object fits. */
bool ptrset_has_room(const struct ptrset *set);

/* Counts an object; returns how often it has been added, this time included. Needs room. */
unsigned int ptrset_add(struct ptrset *set, const void *object);

/* A number kept for an object that has been added; 0 at first. */
u64 *ptrset_value(const struct ptrset *set, const void *object);

/* How often it has been added. */
unsigned int ptrset_count(const struct ptrset *set, const void *object);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_PAGESET_H
#define DMAOWN_PAGESET_H

#include <linux/types.h>

/*
 * How often each of many pages objects was met. Only the addresses are kept: nothing behind them is
 * read. Room is made beforehand, so that adding can be done where nothing may sleep.
 */
struct pageset {
	struct pageset_slot *slots;
	unsigned int order;		/* log2 of the number of slots */
	unsigned int used;
};

void pageset_init(struct pageset *set);
void pageset_free(struct pageset *set);
void pageset_clear(struct pageset *set);

/* Makes room for nr different pages objects, keeping what is there; may sleep. */
int pageset_reserve(struct pageset *set, unsigned int nr);

/* How many different ones fit in all. */
unsigned int pageset_room(const struct pageset *set);

/* True if one more different pages object fits. */
bool pageset_has_room(const struct pageset *set);

/* Counts a pages object; returns how often it has been added, this time included. Needs room. */
unsigned int pageset_add(struct pageset *set, const void *pages);

/* How often it has been added. */
unsigned int pageset_count(const struct pageset *set, const void *pages);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of numbers. */
#ifndef DMAOWN_CLI_HOST_NUMBER_SET_H
#define DMAOWN_CLI_HOST_NUMBER_SET_H

#include "hash.h"

struct number_set {
	uint64_t *items; /* each once, in the order in which they were added */
	size_t nr;
	size_t room;
	struct hash_index index;
};

/* Return: 1, 0 if the set has the number already, or -ENOMEM. */
int number_set_add(struct number_set *set, uint64_t number);

/* Return: the item, or NULL if the set does not have the number. */
const uint64_t *number_set_find(const struct number_set *set, uint64_t number);
bool number_set_has(const struct number_set *set, uint64_t number);
void number_set_free(struct number_set *set);

#endif

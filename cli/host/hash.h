/* SPDX-License-Identifier: GPL-2.0-only */
/* Indexes: find items of an array by hashes of their keys. */
#ifndef DMAOWN_CLI_HOST_HASH_H
#define DMAOWN_CLI_HOST_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint32_t hash_numbers(const uint64_t *numbers, size_t nr);
uint32_t hash_text(const char *text);

/* Return: the hash of a key of several numbers. Usage: HASH(context, pid, start) */
#define HASH(...)                                       \
	hash_numbers((const uint64_t[]){ __VA_ARGS__ }, \
		     sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

struct hash_slot {
	uint32_t hash;
	uint32_t item; /* number of the item, plus 1; 0: the slot is free */
};

/* An index has no keys: the caller compares those of its items. Most keys should occur once. */
struct hash_index {
	struct hash_slot *slots;
	size_t room; /* a power of two, or 0 */
	size_t nr;
};

/* Return: false without memory. */
bool hash_index_add(struct hash_index *index, uint32_t hash, size_t item);

/*
 * Find an item with this hash, or the next one.
 * @at: position of the search, 0 at first
 * @item: set to the number of the item
 * Return: false if there are no more.
 */
bool hash_index_next(const struct hash_index *index, uint32_t hash, size_t *at, size_t *item);
void hash_index_free(struct hash_index *index);

#endif

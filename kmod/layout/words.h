/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Describes types in words. A member has the wanted type if the words for both are the same.
 * Therefore the check and the sentence that reports a difference cannot disagree.
 */
#ifndef LAYOUT_WORDS_H
#define LAYOUT_WORDS_H

#include <stddef.h>

#include "lookup.h"

#define WORDS 256

/* Describes a type that is written as in the tables. */
void words_wanted(char words[WORDS], const char *type, size_t pointer_size);

/* Describes the type of a member in BTF. */
void words_found(char words[WORDS], const struct btf *btf, const struct member *member);

#endif

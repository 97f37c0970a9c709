/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Types in words. A member is what the tables want when the words for both are the same, so that
 * the check and the sentence that tells of a difference cannot disagree.
 */
#ifndef LAYOUT_WORDS_H
#define LAYOUT_WORDS_H

#include <stddef.h>

#include "lookup.h"

#define WORDS	256

/* A type as the tables write it. */
void words_wanted(char words[WORDS], const char *type, size_t pointer_size);

/* A member as the BTF has it. */
void words_found(char words[WORDS], const struct btf *btf, const struct member *member);

#endif

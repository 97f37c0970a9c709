/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LAYOUT_OUTPUT_H
#define LAYOUT_OUTPUT_H

#include <stddef.h>

/*
 * Makes TEXT the content of the file PATH, which at no time holds a part of it. The same content is
 * left alone, so that make sees nothing new. Returns 0, or -1 with a sentence.
 */
int output(const char *path, const char *text, size_t size);

#endif

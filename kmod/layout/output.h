/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LAYOUT_OUTPUT_H
#define LAYOUT_OUTPUT_H

#include <stddef.h>

/*
 * Replaces the content of the file PATH by TEXT, atomically. Leaves a file with the same content
 * alone, so that make does not rebuild. Return: 0, or -1 with a sentence.
 */
int output(const char *path, const char *text, size_t size);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Unpacks compressed modules and kernel images. */
#ifndef LAYOUT_UNPACK_H
#define LAYOUT_UNPACK_H

#include "blob.h"

/*
 * Replaces compressed data by its content, and an x86 kernel image by the kernel in it. Does not
 * change other data. Ignores what follows the end of the compressed data: a kernel image has its
 * size there. Return: 0, or -1 with a sentence that names PATH.
 */
int unpack(struct blob *blob, const char *path);

#endif

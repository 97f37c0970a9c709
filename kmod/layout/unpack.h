/* SPDX-License-Identifier: GPL-2.0 */
/* Compressed modules and kernel images. */
#ifndef LAYOUT_UNPACK_H
#define LAYOUT_UNPACK_H

#include "blob.h"

/*
 * Replaces what is compressed by what it holds, and an x86 kernel image by the kernel in it;
 * anything else stays as it is. What follows the end of the compressed data is ignored: a kernel
 * image has its size there. Returns 0, or -1 with a sentence that names PATH.
 */
int unpack(struct blob *blob, const char *path);

#endif

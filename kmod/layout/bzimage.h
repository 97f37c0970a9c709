/* SPDX-License-Identifier: GPL-2.0 */
/* The x86 kernel image (vmlinuz, bzImage), as its boot protocol describes it. */
#ifndef LAYOUT_BZIMAGE_H
#define LAYOUT_BZIMAGE_H

#include "blob.h"

/* Narrows IMAGE to the compressed kernel in it. Does not change a blob that is no such image. */
void bzimage_payload(struct blob *image);

#endif

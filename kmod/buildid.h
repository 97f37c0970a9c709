/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_BUILDID_H
#define DMAOWN_BUILDID_H

#include <linux/types.h>

#define BUILDID_TEXT	41	/* 20 bytes in hexadecimal, and a NUL */

/* A build ID as text; what does not fit in BUILDID_TEXT is cut. */
void buildid_text(const u8 *id, size_t len, char *text);

/*
 * Compares the build ID of a loaded module, or of the kernel itself if name is NULL, with one that
 * was noted at build time. The module must be pinned. 0 if they are the same; -ENOENT if there is
 * no such module or it has no build ID; -ESTALE if they differ, and then found says which there is.
 */
int buildid_check(const char *name, const u8 *id, size_t len, char found[BUILDID_TEXT]);

#endif

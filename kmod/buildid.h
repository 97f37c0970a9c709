/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_BUILDID_H
#define DMAOWN_BUILDID_H

#include <linux/types.h>

#define BUILDID_TEXT 41 /* 20 bytes in hexadecimal, and a NUL */

/* Format a build ID as text. A longer build ID is cut to fit in BUILDID_TEXT. */
void dmaown_buildid_text(const u8 *id, size_t len, char *text);

/*
 * Compare the build ID of a loaded module, or of the kernel if name is NULL, with one that was
 * recorded at build time. The caller holds a reference on the module. Return: 0 if they are the
 * same; -ENOENT if there is no such module or it has no build ID; -ESTALE if they differ, and found
 * is the build ID that is loaded; or -ENOMEM.
 */
int dmaown_buildid_check(const char *name, const u8 *id, size_t len, char found[BUILDID_TEXT]);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_ID_H
#define DMAOWN_ID_H

#include <linux/types.h>

/*
 * IDs are keyed hashes, so that no kernel address leaves the module. The key is made at load and
 * lives as long as the module.
 */
void id_init(void);
u64 id_of_context(const void *self);
u64 id_of_pages(const void *pages);
u64 id_of_process(u32 tgid, u64 start);

/* A sum that continues an earlier one, or 0, by some more bytes: nobody can make them up to fit. */
u64 id_of_chain(u64 before, const void *bytes, size_t size);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_ID_H
#define DMAOWN_ID_H

#include <linux/types.h>

/*
 * IDs are keyed hashes, so that no kernel address leaves the module. The key is made at load and
 * lasts as long as the module.
 */
void dmaown_id_init(void);
u64 dmaown_id_of_context(const void *self);
u64 dmaown_id_of_pages(const void *pages);
u64 dmaown_id_of_process(u32 tgid, u64 start);

/*
 * Extend a digest by more bytes; start with 0. The key keeps user space from forging bytes with the
 * same digest.
 */
u64 dmaown_id_of_chain(u64 before, const void *bytes, size_t size);

#endif

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

#endif

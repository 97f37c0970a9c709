// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cache.h>
#include <linux/random.h>
#include <linux/siphash.h>

#include "id.h"

static siphash_key_t key __ro_after_init;

enum { ID_CONTEXT, ID_PAGES, ID_PROCESS };

void __init dmaown_id_init(void)
{
	get_random_bytes(&key, sizeof(key));
}

/* Never return 0, which means "none" in all records. */
static u64 id_hash(u64 a, u64 b, u64 what)
{
	return siphash_3u64(a, b, what, &key) ?: 1;
}

u64 dmaown_id_of_context(const void *self)
{
	return id_hash((unsigned long)self, 0, ID_CONTEXT);
}

u64 dmaown_id_of_pages(const void *pages)
{
	return id_hash((unsigned long)pages, 0, ID_PAGES);
}

u64 dmaown_id_of_process(u32 tgid, u64 start)
{
	return id_hash(tgid, start, ID_PROCESS);
}

u64 dmaown_id_of_chain(u64 before, const void *bytes, size_t size)
{
	return siphash_2u64(before, siphash(bytes, size, &key), &key);
}

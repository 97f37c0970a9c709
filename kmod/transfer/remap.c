// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "remap.h"
#include "report.h"

int dmaown_remaps_copy(struct remaps *remaps, u64 address, u32 nr)
{
	const struct dmaown_remap __user *user = u64_to_user_ptr(address);
	u32 i;

	memset(remaps, 0, sizeof(*remaps));
	if (!nr)
		return 0;
	remaps->array = kvcalloc(nr, sizeof(*remaps->array), GFP_KERNEL_ACCOUNT);
	if (!remaps->array)
		return -ENOMEM;
	remaps->nr = nr;
	for (i = 0; i < nr; i++) {
		struct remap *remap = &remaps->array[i];

		if (copy_from_user(&remap->entry, &user[i], sizeof(*user)))
			return -EFAULT;
		if (remap->entry.reserved)
			return -EINVAL;
		remap->caller_context = remap->entry.context;
		remap->index = i;
		cond_resched();
	}
	return 0;
}

void dmaown_remaps_free(struct remaps *remaps)
{
	kvfree(remaps->array);
}

static int remap_compare_entry(const struct dmaown_remap *x, const struct dmaown_remap *y)
{
	if (x->context != y->context)
		return x->context < y->context ? -1 : 1;
	if (x->ioas != y->ioas)
		return x->ioas < y->ioas ? -1 : 1;
	return x->iova < y->iova ? -1 : x->iova > y->iova;
}

/* Sorting a long list takes long, so each comparison may reschedule. */
static int remap_compare(const void *a, const void *b)
{
	const struct remap *x = a;
	const struct remap *y = b;

	cond_resched();
	return remap_compare_entry(&x->entry, &y->entry);
}

static void remap_report(struct reports *reports, enum dmaown_reason reason,
			 const struct remap *remap)
{
	struct dmaown_report report = {
		.reason = reason,
		.context = remap->entry.context,
		.ioas = remap->entry.ioas,
		.iova = remap->entry.iova,
		.last = remap->entry.iova,
		.addr = remap->entry.addr,
		.value = remap->index,
	};

	dmaown_report_add(reports, &report);
}

void dmaown_remaps_begin(struct remaps *remaps, u64 only_context, struct reports *reports)
{
	struct remap *array = remaps->array;
	u32 i;

	for (i = 0; i < remaps->nr; i++)
		array[i].entry.context = array[i].caller_context ?: only_context;
	if (remaps->nr)
		sort(array, remaps->nr, sizeof(*array), remap_compare, NULL);
	for (i = 1; i < remaps->nr; i++)
		if (!remap_compare(&array[i - 1], &array[i]))
			remap_report(reports, DMAOWN_REASON_REMAP_TWICE, &array[i]);
}

void dmaown_remaps_rewind(struct remaps *remaps)
{
	u32 i;

	remaps->at = 0;
	remaps->used = 0;
	for (i = 0; i < remaps->nr; i++)
		remaps->array[i].used = false;
}

/* Areas come in the order of the list, except for contexts: most often the next entry matches. */
const struct remap *dmaown_remaps_find(struct remaps *remaps, u64 context, u32 ioas, u64 iova)
{
	const struct dmaown_remap key = { .context = context, .ioas = ioas, .iova = iova };
	u32 low = 0, high = remaps->nr;

	while (low < high) {
		bool guess = remaps->at >= low && remaps->at < high;
		u32 mid = guess ? remaps->at : low + (high - low) / 2;
		int order = remap_compare_entry(&remaps->array[mid].entry, &key);

		if (!order) {
			remaps->used += !remaps->array[mid].used;
			remaps->array[mid].used = true;
			remaps->at = mid + 1;
			return &remaps->array[mid];
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* Return: true if another entry is for the same area. The caller has reported it already. */
static bool remap_is_twin(const struct remaps *remaps, u32 i)
{
	const struct remap *remap = &remaps->array[i];

	return (i && !remap_compare(remap - 1, remap)) ||
	       (i + 1 < remaps->nr && !remap_compare(remap, remap + 1));
}

void dmaown_remaps_end(const struct remaps *remaps, struct reports *reports)
{
	u32 i;

	if (remaps->used == remaps->nr)
		return;
	for (i = 0; i < remaps->nr; i++)
		if (!remaps->array[i].used && !remap_is_twin(remaps, i))
			remap_report(reports, DMAOWN_REASON_REMAP_UNKNOWN, &remaps->array[i]);
}

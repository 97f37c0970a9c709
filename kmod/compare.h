/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_COMPARE_H
#define DMAOWN_COMPARE_H

#include "context.h"

/*
 * Compare the pages that are pinned in a context with the memory of their live owners, from
 * arg->ioas and arg->iova on. Sets these two, nr_ranges, more and compared. ranges has room for at
 * least one. Return: 0; -ENOMEM; or -EINTR if the caller is being killed.
 */
int dmaown_compare_run(struct context ctx, struct dmaown_compare *arg, struct dmaown_range *ranges,
		       unsigned int room);

#endif

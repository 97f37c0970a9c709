/* SPDX-License-Identifier: GPL-2.0-only */
/* --filter: only rows for which an expression is true, in the language of scols-filter(5). */
#ifndef DMAOWN_CLI_FILTER_H
#define DMAOWN_CLI_FILTER_H

#include "columns.h"

struct row_filter;

/*
 * All columns of the set may be named in the expression, shown or not. NULL leaves every row; 0, or
 * an exit status with a message.
 */
int row_filter_new(const struct column_set *set, const char *expression,
		   struct row_filter **filter);
void row_filter_free(struct row_filter *filter);

/* 0 or -errno */
int row_filter_apply(struct row_filter *filter, const struct row *row, bool *matches);

#endif

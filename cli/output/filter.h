/* SPDX-License-Identifier: GPL-2.0-only */
/* --filter: an expression of scols-filter(5) that rows must satisfy. */
#ifndef DMAOWN_CLI_OUTPUT_FILTER_H
#define DMAOWN_CLI_OUTPUT_FILTER_H

#include "columns.h"

struct row_filter;

/*
 * Parse an expression, which may name any column of the set.
 * @expression: NULL for a filter that matches every row; *filter is NULL then
 * Return: 0, or an exit status after a message.
 */
int row_filter_new(const struct column_set *set, const char *expression,
		   struct row_filter **filter);
void row_filter_free(struct row_filter *filter);

/* Set *matches. Return: 0 or -errno. */
int row_filter_apply(struct row_filter *filter, const struct row *row, bool *matches);

#endif

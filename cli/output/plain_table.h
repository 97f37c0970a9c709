/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A table for a file or pipe, written exactly as libsmartcols does it, at a tenth of the cost:
 * libsmartcols asks the locale for the width of each character of each cell, twice. A table that
 * libsmartcols would write in another form is left to it.
 */
#ifndef DMAOWN_CLI_OUTPUT_PLAIN_TABLE_H
#define DMAOWN_CLI_OUTPUT_PLAIN_TABLE_H

#include "columns.h"
#include "strbuf.h"

struct plain_table {
	const struct selection *selection;
	bool raw;
	bool right[MAX_COLUMNS];
	size_t least[MAX_COLUMNS];  /* minimum width of a column */
	size_t hints[MAX_COLUMNS];  /* minimum width of a column that is wider than least */
	size_t widths[MAX_COLUMNS]; /* of the longest cell; after printing: of the column */
	struct strbuf cells;	    /* line by line, each cell ended by a NUL */
	struct strbuf lengths;	    /* of the cells: a size_t each */
	size_t nr;		    /* number of lines */
	bool special; /* a cell needs libsmartcols: not all of it is printable ASCII */
	struct strbuf out;
};

void plain_table_begin(struct plain_table *table, const struct column_set *set,
		       const struct selection *selection, bool raw);

/* Add the next cell of the current line. */
void plain_table_add(struct plain_table *table, size_t column, const struct value *value,
		     bool bytes);
void plain_table_end_line(struct plain_table *table);

/* Print all lines to standard output. None of them is special. Return: 0 or -errno. */
int plain_table_print(struct plain_table *table, bool headings);

/* Keep the present widths as the minimum for the lines that follow. */
void plain_table_keep_widths(struct plain_table *table);

/* Forget the lines, and keep the minimum widths. */
void plain_table_forget(struct plain_table *table);
void plain_table_free(struct plain_table *table);

#endif

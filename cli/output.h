/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of cells, printed as a table, as raw text or as JSON, in batches. */
#ifndef DMAOWN_CLI_OUTPUT_H
#define DMAOWN_CLI_OUTPUT_H

#include "lines.h"

struct output_options {
	const char *columns;	/* LIST of --output, or NULL */
	bool json;
	bool raw;
	bool noheadings;
	bool bytes;
	bool list_columns;
};

struct output {
	const struct output_options *options;
	const struct column_set *set;
	struct selection selection;
	struct libscols_table *table;
	bool gathers;		/* rows are gathered in lines, and only some printed by the table */
	struct lines lines;
	struct json json;
	const char *key;	/* of the array in JSON */
	char keys[MAX_COLUMNS][COLUMN_KEY];
	bool printed;		/* something has gone out already */
};

/* Choose the columns, of output->set by output->options. 0, or an exit status with a message. */
int output_choose(struct output *output, const char *defaults);

/* All that follow return 0 or -errno. key: of the array in JSON. */
int output_begin(struct output *output, const char *key);
int output_row(struct output *output, const struct row *row);
/* The same below another line of a table that is a tree, or (NULL) at its root. */
int output_branch(struct output *output, const struct row *row, struct libscols_line *parent,
		  struct libscols_line **line);
/* Print the rows so far and forget them. */
int output_flush(struct output *output);
/* The closing brackets; frees everything. After an error: only that. */
int output_end(struct output *output, bool complete);

/* --list-columns */
int output_list_columns(const struct column_set *set, const struct output_options *options);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of cells, printed as a table, as raw text or as JSON, in batches. */
#ifndef DMAOWN_CLI_OUTPUT_H
#define DMAOWN_CLI_OUTPUT_H

#include "columns.h"

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
	struct json json;
	const char *key;	/* of the array in JSON */
	bool printed;		/* something has gone out already */
};

/* All return 0 or -errno. key: of the array in JSON. The columns are chosen by the caller. */
int output_begin(struct output *output, const char *key);
int output_row(struct output *output, const struct row *row);
/* Print the rows so far and forget them. */
int output_flush(struct output *output);
/* The closing brackets; frees everything. After an error: only that. */
int output_end(struct output *output, bool complete);

/* --list-columns */
int output_list_columns(const struct column_set *set, const struct output_options *options);

#endif

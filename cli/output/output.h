/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows, printed in batches as a table, as raw text or as JSON. */
#ifndef DMAOWN_CLI_OUTPUT_OUTPUT_H
#define DMAOWN_CLI_OUTPUT_OUTPUT_H

#include "plain_table.h"

struct output_options {
	const char *columns; /* LIST of --output, or NULL */
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
	bool gathers; /* rows go to plain, and to table only if plain cannot print them */
	struct plain_table plain;
	struct json json;
	const char *key; /* of the array in JSON */
	char keys[MAX_COLUMNS][COLUMN_KEY];
	bool printed; /* a batch has been printed already */
};

/*
 * Choose the columns of output->set by output->options.
 * Return: 0, or an exit status after a message.
 */
int output_choose(struct output *output, const char *defaults);

/*
 * The functions down to output_end() return 0 or -errno.
 * @key: of the array in JSON
 */
int output_begin(struct output *output, const char *key);
int output_row(struct output *output, const struct row *row);

/*
 * Add a row to a tree.
 * @parent: line of the row above, or NULL for the root
 * @line: set to the line of this row
 */
int output_branch(struct output *output, const struct row *row, struct libscols_line *parent,
		  struct libscols_line **line);

/* Print the rows so far and forget them. */
int output_flush(struct output *output);

/*
 * Close the brackets of JSON, and free everything.
 * @complete: false after an error: print no more rows
 */
int output_end(struct output *output, bool complete);

/*
 * Report that output failed with error, which is -errno. Lost standard output is reported at exit
 * instead.
 * Return: the exit status.
 */
int output_failed(int error);

/* Print the columns, for --list-columns. Return: the exit status. */
int output_list_columns(const struct column_set *set, const struct output_options *options);

#endif

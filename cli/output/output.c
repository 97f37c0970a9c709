// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit_status.h"
#include "host/streams.h"
#include "output.h"

static bool colours_wanted(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb");
}

/* On a terminal, wrap lists between items, so that no name is cut in two. */
static size_t longest_item(const struct libscols_column *column, const char *data, void *user)
{
	size_t length, longest = 0;

	(void)column;
	(void)user;
	while (data && *data) {
		length = strcspn(data, ",");
		if (length > longest)
			longest = length;
		data += length + (data[length] == ',');
	}
	return longest;
}

static char *next_item(const struct libscols_column *column, char *data, void *user)
{
	char *comma = data ? strchr(data, ',') : NULL;

	(void)column;
	(void)user;
	if (!comma)
		return NULL;
	*comma = '\0';
	return comma + 1;
}

static bool is_split(const struct output *output, const struct column *column)
{
	return column_kind(output->set, column) == VALUE_LIST && isatty(STDOUT_FILENO) &&
	       !output->options->raw;
}

static int add_columns(struct output *output)
{
	const struct column *column;
	struct libscols_column *added;
	int flags;
	size_t i;

	for (i = 0; i < output->selection.nr; i++) {
		column = output->selection.columns[i];
		flags = column->flags;
		if (column_is_right(output->set, column))
			flags |= SCOLS_FL_RIGHT;
		added = scols_table_new_column(output->table, column->name, column->width, flags);
		if (!added)
			return -ENOMEM;
		if (is_split(output, column))
			scols_column_set_wrapfunc(added, longest_item, next_item, NULL);
	}
	return 0;
}

int output_choose(struct output *output, const char *defaults)
{
	const char *unknown;

	if (!columns_select(output->set, defaults, output->options->columns, &output->selection,
			    &unknown))
		return 0;
	warnx("unknown column '%.*s'; see --list-columns", (int)strcspn(unknown, ","), unknown);
	return EXIT_USAGE;
}

int output_begin(struct output *output, const char *key)
{
	size_t i;

	output->table = NULL;
	output->gathers = !output->options->json && !isatty(STDOUT_FILENO);
	output->printed = false;
	output->key = key;
	plain_table_begin(&output->plain, output->set, &output->selection, output->options->raw);
	output->json = (struct json){ .out = stdout };
	for (i = 0; i < output->selection.nr; i++)
		column_key(output->selection.columns[i], output->keys[i]);
	if (output->options->json)
		return 0;
	output->table = scols_new_table();
	if (!output->table)
		return -ENOMEM;
	scols_table_enable_raw(output->table, output->options->raw);
	scols_table_enable_noheadings(output->table, output->options->noheadings);
	scols_table_enable_colors(output->table, colours_wanted());
	return add_columns(output);
}

/* Open the array at the first row: a command that fails at once writes no broken JSON. */
static void open_json(struct output *output)
{
	if (output->printed)
		return;
	json_open(&output->json, NULL, '{');
	json_open(&output->json, output->key, '[');
	output->printed = true;
}

static int row_to_json(struct output *output, const struct row *row)
{
	const struct selection *selection = &output->selection;
	size_t i;

	open_json(output);
	json_open(&output->json, NULL, '{');
	for (i = 0; i < selection->nr; i++) {
		struct value value = { 0 };

		column_render(output->set, selection->columns[i], row, &value);
		value_to_json(&value, &output->json, output->keys[i]);
		value_clear(&value);
	}
	json_close(&output->json, '}');
	return 0;
}

static const char *colour_name(enum value_colour colour)
{
	static const char *const names[] = { [COLOUR_WARN] = "yellow", [COLOUR_BAD] = "red" };

	return names[colour];
}

static int value_to_line(struct output *output, struct libscols_line *line, size_t n,
			 const struct value *value)
{
	char *text = value_to_text(value, output->options->bytes);
	int rc;

	/* Readers split raw lines at blanks: no column may be empty. */
	if (text && !*text && output->options->raw) {
		free(text);
		text = strdup("-");
	}
	if (!text)
		return -ENOMEM;
	rc = scols_line_refer_data(line, n, text);
	if (rc) {
		free(text);
		return rc;
	}
	if (value->colour)
		scols_cell_set_color(scols_line_get_cell(line, n), colour_name(value->colour));
	return 0;
}

int output_branch(struct output *output, const struct row *row, struct libscols_line *parent,
		  struct libscols_line **result)
{
	const struct selection *selection = &output->selection;
	struct libscols_line *line;
	int rc = 0;
	size_t i;

	line = scols_table_new_line(output->table, parent);
	if (!line)
		return -ENOMEM;
	*result = line;
	for (i = 0; i < selection->nr && !rc; i++) {
		struct value value = { 0 };

		column_render(output->set, selection->columns[i], row, &value);
		rc = value_to_line(output, line, i, &value);
		value_clear(&value);
	}
	return rc;
}

static int gather_row(struct output *output, const struct row *row)
{
	const struct selection *selection = &output->selection;
	size_t i;

	for (i = 0; i < selection->nr; i++) {
		struct value value = { 0 };

		column_render(output->set, selection->columns[i], row, &value);
		plain_table_add(&output->plain, i, &value, output->options->bytes);
		value_clear(&value);
	}
	plain_table_end_line(&output->plain);
	return output->plain.cells.failed || output->plain.lengths.failed ? -ENOMEM : 0;
}

int output_row(struct output *output, const struct row *row)
{
	struct libscols_line *line;

	if (output->options->json)
		return row_to_json(output, row);
	if (output->gathers)
		return gather_row(output, row);
	return output_branch(output, row, NULL, &line);
}

/*
 * Keep the widths of the first batch for the batches that follow, which have no headings.
 * libsmartcols 2.38 makes no column narrower than its heading, even if that is not shown; a wider
 * column keeps the width hint only with SCOLS_FL_STRICTWIDTH. For 2.41 a hidden heading has no
 * width.
 */
static void keep_widths(struct output *output)
{
	struct libscols_column *column;
	size_t width, i;

	plain_table_keep_widths(&output->plain);
	for (i = 0; i < output->selection.nr; i++) {
		column = scols_table_get_column(output->table, i);
		width = output->plain.widths[i];
		scols_column_set_whint(column, width);
		if (width > strlen(output->selection.columns[i]->name))
			scols_column_set_flags(column, scols_column_get_flags(column) |
							       SCOLS_FL_STRICTWIDTH);
	}
}

static int hand_over(struct output *output)
{
	const char *text = output->plain.cells.bytes;
	struct libscols_line *line;
	size_t nr, i;
	int rc = 0;

	for (nr = 0; nr < output->plain.nr && !rc; nr++) {
		line = scols_table_new_line(output->table, NULL);
		rc = line ? 0 : -ENOMEM;
		for (i = 0; i < output->selection.nr && !rc; i++) {
			rc = scols_line_set_data(line, i, text);
			text += strlen(text) + 1;
		}
	}
	return rc;
}

static int print_table(struct output *output)
{
	bool tree = scols_table_is_tree(output->table);
	struct libscols_column *column;
	size_t i;
	int rc;

	/* A tree is printed as a whole. The last line of a range is printed without a newline. */
	if (tree)
		rc = scols_print_table(output->table);
	else
		rc = scols_table_print_range(output->table, NULL, NULL);
	if (rc)
		return rc;
	if (!tree)
		putchar('\n');
	scols_table_remove_lines(output->table);
	for (i = 0; i < output->selection.nr; i++) {
		column = scols_table_get_column(output->table, i);
		output->plain.widths[i] = scols_column_get_width(column);
	}
	return 0;
}

static int print_rows(struct output *output)
{
	int rc;

	if (output->plain.nr && !output->plain.special)
		return plain_table_print(&output->plain, !scols_table_is_noheadings(output->table));
	rc = hand_over(output);
	return rc ?: print_table(output);
}

int output_flush(struct output *output)
{
	int rc;

	if (output->options->json) {
		json_flush(&output->json);
		return streams_flush();
	}
	if (!output->plain.nr && !scols_table_get_nlines(output->table))
		return 0;
	rc = print_rows(output);
	if (rc)
		return rc;
	if (!output->printed && !output->options->raw)
		keep_widths(output);
	plain_table_forget(&output->plain);
	scols_table_enable_noheadings(output->table, true);
	output->printed = true;
	return streams_flush();
}

int output_end(struct output *output, bool complete)
{
	int rc = 0;

	if (complete)
		rc = output_flush(output);
	if (output->options->json && (complete || output->printed)) {
		open_json(output);
		json_close(&output->json, ']');
		json_close(&output->json, '}');
	}
	scols_unref_table(output->table);
	output->table = NULL;
	plain_table_free(&output->plain);
	return rc ?: streams_flush();
}

int output_failed(int error)
{
	if (!streams_flush())
		warnx("cannot write: %s", strerror(-error));
	return EXIT_OTHER;
}

/* A row of --list-columns describes a column. It has no record. */
struct column_row {
	struct row row;
	const struct column_set *set;
	const struct column *column;
};

static const struct column_row *column_row(const struct row *row)
{
	return (const struct column_row *)row;
}

static void render_name(const struct row *row, struct value *value)
{
	value_set_text(value, column_row(row)->column->name);
}

static void render_type(const struct row *row, struct value *value)
{
	static const char *const names[] = {
		[VALUE_UNKNOWN] = "string", [VALUE_NUMBER] = "number", [VALUE_SIZE] = "size",
		[VALUE_TIME] = "time",	    [VALUE_HEX] = "address",   [VALUE_TEXT] = "string",
		[VALUE_FLAG] = "boolean",   [VALUE_LIST] = "list",
	};

	value_set_text(value, names[column_kind(column_row(row)->set, column_row(row)->column)]);
}

static void render_description(const struct row *row, struct value *value)
{
	value_set_text(value, column_help(column_row(row)->set, column_row(row)->column));
}

int output_list_columns(const struct column_set *set, const struct output_options *options)
{
	static const struct column columns[] = {
		MADE_COLUMN("COLUMN", VALUE_TEXT, render_name, 0, 0, NULL),
		MADE_COLUMN("TYPE", VALUE_TEXT, render_type, 0, 0, NULL),
		MADE_COLUMN("DESCRIPTION", VALUE_TEXT, render_description, 0, SCOLS_FL_WRAP, NULL),
	};
	static const struct column_set meta = { RECORD_STATUS, columns, 3 };
	struct output output = { .options = options, .set = &meta };
	struct column_row row = { .set = set };
	int rc;
	size_t i;

	for (i = 0; i < meta.nr; i++)
		output.selection.columns[output.selection.nr++] = &columns[i];
	rc = output_begin(&output, "columns");
	for (i = 0; i < set->nr && !rc; i++) {
		row.column = &set->columns[i];
		rc = output_row(&output, &row.row);
	}
	rc = output_end(&output, !rc) ?: rc;
	return rc ? output_failed(rc) : EXIT_DONE;
}

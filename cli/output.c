// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exits.h"
#include "output.h"

static bool colours_wanted(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb");
}

/* On a terminal each item of a list has a line of its own: names are not cut in two. */
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
	return column_kind(output->set, column) == CELL_LIST && isatty(STDOUT_FILENO) &&
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
	lines_begin(&output->lines, output->set, &output->selection, output->options->raw);
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

/* Not before there is something to say: what fails at once writes no JSON that nobody can read. */
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
		struct cell cell = { 0 };

		column_render(output->set, selection->columns[i], row, &cell);
		cell_to_json(&cell, &output->json, output->keys[i]);
		cell_clear(&cell);
	}
	json_close(&output->json, '}');
	return ferror(stdout) ? -EIO : 0;
}

static const char *colour_name(enum cell_colour colour)
{
	return colour == COLOUR_BAD ? "red" : colour == COLOUR_WARN ? "yellow" : NULL;
}

static int cell_to_line(struct output *output, struct libscols_line *line, size_t n,
			const struct cell *cell)
{
	char *text = cell_to_text(cell, output->options->bytes);
	int rc;

	/* What splits raw lines at blanks is to find each column. */
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
	if (cell->colour)
		scols_cell_set_color(scols_line_get_cell(line, n), colour_name(cell->colour));
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
		struct cell cell = { 0 };

		column_render(output->set, selection->columns[i], row, &cell);
		rc = cell_to_line(output, line, i, &cell);
		cell_clear(&cell);
	}
	return rc;
}

static int gather_row(struct output *output, const struct row *row)
{
	const struct selection *selection = &output->selection;
	size_t i;

	for (i = 0; i < selection->nr; i++) {
		struct cell cell = { 0 };

		column_render(output->set, selection->columns[i], row, &cell);
		lines_add(&output->lines, i, &cell, output->options->bytes);
		cell_clear(&cell);
	}
	lines_end(&output->lines);
	return output->lines.cells.failed ? -ENOMEM : 0;
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
 * The batches that follow are to stand under the first one's headings. libsmartcols 2.38 makes a
 * column no narrower than a heading that is not shown, and a wider one keeps to the hint only if it
 * may be narrower than that; for 2.41 a heading that is not shown has no width.
 */
static void keep_widths(struct output *output)
{
	struct libscols_column *column;
	size_t width, i;

	lines_keep_widths(&output->lines);
	for (i = 0; i < output->selection.nr; i++) {
		column = scols_table_get_column(output->table, i);
		width = output->lines.widths[i];
		scols_column_set_whint(column, width);
		if (width > strlen(output->selection.columns[i]->name))
			scols_column_set_flags(column, scols_column_get_flags(column) |
					       SCOLS_FL_STRICTWIDTH);
	}
}

static int hand_over(struct output *output)
{
	const char *text = output->lines.cells.bytes;
	struct libscols_line *line;
	size_t nr, i;
	int rc = 0;

	for (nr = 0; nr < output->lines.nr && !rc; nr++) {
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

	/* A tree comes in one piece; and the last line of a range is printed without its end. */
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
		output->lines.widths[i] = scols_column_get_width(column);
	}
	return 0;
}

static int print_rows(struct output *output)
{
	int rc;

	if (output->lines.nr && !output->lines.strange)
		return lines_print(&output->lines,
				   !scols_table_is_noheadings(output->table));
	rc = hand_over(output);
	return rc ?: print_table(output);
}

int output_flush(struct output *output)
{
	int rc;

	if (output->options->json) {
		json_flush(&output->json);
		return fflush(stdout) ? -errno : 0;
	}
	if (!output->lines.nr && !scols_table_get_nlines(output->table))
		return 0;
	rc = print_rows(output);
	if (rc)
		return rc;
	if (!output->printed && !output->options->raw)
		keep_widths(output);
	lines_forget(&output->lines);
	scols_table_enable_noheadings(output->table, true);
	output->printed = true;
	return fflush(stdout) ? -errno : 0;
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
	lines_free(&output->lines);
	return rc ?: fflush(stdout) ? -errno : 0;
}

/* The columns' own columns. Their rows are no records: the field is looked up by number. */
struct column_row {
	struct row row;
	const struct column_set *set;
	const struct column *column;
};

static const struct column_row *column_row(const struct row *row)
{
	return (const struct column_row *)row;
}

static void render_name(const struct row *row, struct cell *cell)
{
	cell_set_text(cell, column_row(row)->column->name);
}

static void render_type(const struct row *row, struct cell *cell)
{
	static const char *const names[] = {
		[CELL_UNKNOWN] = "string",
		[CELL_NUMBER] = "number",
		[CELL_SIZE] = "size",
		[CELL_TIME] = "time",
		[CELL_HEX] = "address",
		[CELL_TEXT] = "string",
		[CELL_FLAG] = "boolean",
		[CELL_LIST] = "list",
	};

	cell_set_text(cell, names[column_kind(column_row(row)->set, column_row(row)->column)]);
}

static void render_description(const struct row *row, struct cell *cell)
{
	cell_set_text(cell, column_help(column_row(row)->set, column_row(row)->column));
}

int output_list_columns(const struct column_set *set, const struct output_options *options)
{
	static const struct column columns[] = {
		MADE_COLUMN("COLUMN", CELL_TEXT, render_name, 0, 0, NULL),
		MADE_COLUMN("TYPE", CELL_TEXT, render_type, 0, 0, NULL),
		MADE_COLUMN("DESCRIPTION", CELL_TEXT, render_description, 0, SCOLS_FL_WRAP, NULL),
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
	return output_end(&output, !rc) ?: rc;
}

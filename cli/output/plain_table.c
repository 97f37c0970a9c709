// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plain_table.h"

void plain_table_begin(struct plain_table *table, const struct column_set *set,
		       const struct selection *selection, bool raw)
{
	const struct column *column;
	size_t i;

	*table = (struct plain_table){ .selection = selection, .raw = raw };
	for (i = 0; i < selection->nr; i++) {
		column = selection->columns[i];
		table->right[i] = column->flags & SCOLS_FL_RIGHT || column_is_right(set, column);
		table->least[i] = strlen(column->name);
		/* Hints below 1 are fractions of a terminal's width: ignore them. */
		table->hints[i] = column->width;
	}
}

void plain_table_keep_widths(struct plain_table *table)
{
	memcpy(table->least, table->widths, sizeof(table->least));
	memset(table->hints, 0, sizeof(table->hints));
}

void plain_table_forget(struct plain_table *table)
{
	table->cells.length = 0;
	table->nr = 0;
	table->special = false;
	memset(table->widths, 0, sizeof(table->widths));
}

void plain_table_free(struct plain_table *table)
{
	strbuf_free(&table->cells);
	strbuf_free(&table->out);
}

/* Is every byte printable ASCII, and written as it is? */
static bool is_plain(const char *text, size_t length, bool raw)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (text[i] < (raw ? '!' : ' ') || text[i] > '~' || text[i] == '\\')
			return false;
	return true;
}

void plain_table_add(struct plain_table *table, size_t column, const struct value *value,
		     bool bytes)
{
	size_t begin = table->cells.length, length;

	value_put_text(value, bytes, &table->cells);
	length = table->cells.length - begin;
	/* Readers split raw lines at blanks: no column may be empty. */
	if (!length && table->raw)
		strbuf_put(&table->cells, '-');
	if ((value->kind == VALUE_TEXT || value->kind == VALUE_FLAG || value->kind == VALUE_LIST) &&
	    !table->cells.failed && !is_plain(table->cells.bytes + begin, length, table->raw))
		table->special = true;
	strbuf_put(&table->cells, '\0');
	if (length > table->widths[column])
		table->widths[column] = length;
}

void plain_table_end_line(struct plain_table *table)
{
	table->nr++;
}

static void settle_widths(struct plain_table *table)
{
	size_t i, *width;

	for (i = 0; i < table->selection->nr; i++) {
		width = &table->widths[i];
		if (*width < table->least[i])
			*width = table->least[i];
		else if (*width < table->hints[i])
			*width = table->hints[i];
	}
}

/* Put no blanks at the end of a line. */
static void put_cell(struct plain_table *table, size_t i, const char *text, size_t length)
{
	bool last = i + 1 == table->selection->nr;
	bool right = table->right[i] && length;
	size_t blanks = table->raw ? 0 : table->widths[i] - length;

	if (right)
		strbuf_fill(&table->out, ' ', blanks);
	strbuf_add(&table->out, text, length);
	if (!right && !last)
		strbuf_fill(&table->out, ' ', blanks);
	strbuf_put(&table->out, last ? '\n' : ' ');
}

static void put_headings(struct plain_table *table)
{
	size_t i;

	for (i = 0; i < table->selection->nr; i++)
		put_cell(table, i, table->selection->columns[i]->name,
			 strlen(table->selection->columns[i]->name));
}

int plain_table_print(struct plain_table *table, bool headings)
{
	const char *text = table->cells.bytes;
	size_t line, i, length;

	if (table->cells.failed)
		return -ENOMEM;
	settle_widths(table);
	table->out.length = 0;
	if (headings)
		put_headings(table);
	for (line = 0; line < table->nr; line++) {
		for (i = 0; i < table->selection->nr; i++) {
			length = strlen(text);
			put_cell(table, i, text, length);
			text += length + 1;
		}
	}
	if (table->out.failed)
		return -ENOMEM;
	errno = 0;
	if (fwrite(table->out.bytes, 1, table->out.length, stdout) != table->out.length)
		return errno ? -errno : -EIO;
	return 0;
}

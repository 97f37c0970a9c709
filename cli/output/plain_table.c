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
	table->lengths.length = 0;
	table->nr = 0;
	table->special = false;
	memset(table->widths, 0, sizeof(table->widths));
}

void plain_table_free(struct plain_table *table)
{
	strbuf_free(&table->cells);
	strbuf_free(&table->lengths);
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
	/* Readers split raw lines at blanks: no column may be empty. */
	if (table->cells.length == begin && table->raw)
		strbuf_put(&table->cells, '-');
	length = table->cells.length - begin;
	strbuf_add(&table->lengths, (const char *)&length, sizeof(length));
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

/* The number of bytes in a line whose cells are as wide as their columns, with its newline. */
static size_t line_room(const struct plain_table *table)
{
	size_t i, room = table->selection->nr;

	for (i = 0; i < table->selection->nr; i++)
		room += table->widths[i];
	return room;
}

/* Begin a line of blanks. Return: its first byte, or NULL without memory. */
static char *begin_line(struct plain_table *table, size_t room)
{
	if (!strbuf_has_room(&table->out, room))
		return NULL;
	return memset(table->out.bytes + table->out.length, ' ', room);
}

/*
 * Put a cell into a line of blanks, at its column. Put no blanks at the end of a line. Return: the
 * place of the next cell.
 */
static char *put_cell(const struct plain_table *table, size_t i, char *at, const char *text,
		      size_t length)
{
	bool last = i + 1 == table->selection->nr;
	bool right = table->right[i] && length;
	size_t blanks = table->raw ? 0 : table->widths[i] - length;

	memcpy(right ? at + blanks : at, text, length);
	return at + (right || !last ? blanks : 0) + length + 1;
}

/* The newline takes the place of the blank after the last cell. */
static void end_line(struct plain_table *table, char *at)
{
	at[-1] = '\n';
	table->out.length = at - table->out.bytes;
}

static void put_headings(struct plain_table *table, size_t room)
{
	char *at = begin_line(table, room);
	const char *name;
	size_t i;

	if (!at)
		return;
	for (i = 0; i < table->selection->nr; i++) {
		name = table->selection->columns[i]->name;
		at = put_cell(table, i, at, name, strlen(name));
	}
	end_line(table, at);
}

static void put_lines(struct plain_table *table, size_t room)
{
	const char *text = table->cells.bytes;
	const char *lengths = table->lengths.bytes;
	size_t line, i, length;
	char *at;

	for (line = 0; line < table->nr; line++) {
		at = begin_line(table, room);
		if (!at)
			return;
		for (i = 0; i < table->selection->nr; i++) {
			memcpy(&length, lengths, sizeof(length));
			lengths += sizeof(length);
			at = put_cell(table, i, at, text, length);
			text += length + 1;
		}
		end_line(table, at);
	}
}

int plain_table_print(struct plain_table *table, bool headings)
{
	size_t room;

	if (table->cells.failed || table->lengths.failed)
		return -ENOMEM;
	settle_widths(table);
	room = line_room(table);
	table->out.length = 0;
	if (headings)
		put_headings(table, room);
	put_lines(table, room);
	if (table->out.failed)
		return -ENOMEM;
	errno = 0;
	if (fwrite(table->out.bytes, 1, table->out.length, stdout) != table->out.length)
		return errno ? -errno : -EIO;
	return 0;
}

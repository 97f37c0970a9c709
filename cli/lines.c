// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lines.h"

void lines_begin(struct lines *lines, const struct column_set *set,
		 const struct selection *selection, bool raw)
{
	const struct column *column;
	size_t i;

	*lines = (struct lines){ .selection = selection, .raw = raw };
	for (i = 0; i < selection->nr; i++) {
		column = selection->columns[i];
		lines->right[i] = column->flags & SCOLS_FL_RIGHT || column_is_right(set, column);
		lines->least[i] = strlen(column->name);
		/* One below 1 is a share of a terminal's width. */
		lines->hints[i] = column->width;
	}
}

void lines_keep_widths(struct lines *lines)
{
	memcpy(lines->least, lines->widths, sizeof(lines->least));
	memset(lines->hints, 0, sizeof(lines->hints));
}

void lines_forget(struct lines *lines)
{
	lines->cells.length = 0;
	lines->nr = 0;
	lines->strange = false;
	memset(lines->widths, 0, sizeof(lines->widths));
}

void lines_free(struct lines *lines)
{
	text_free(&lines->cells);
	text_free(&lines->out);
}

/* Each byte stands for itself and is as wide as any other. */
static bool is_plain(const char *text, size_t length, bool raw)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (text[i] < (raw ? '!' : ' ') || text[i] > '~' || text[i] == '\\')
			return false;
	return true;
}

void lines_add(struct lines *lines, size_t column, const struct cell *cell, bool bytes)
{
	size_t begin = lines->cells.length, length;

	cell_put_text(cell, bytes, &lines->cells);
	length = lines->cells.length - begin;
	/* What splits raw lines at blanks is to find each column. */
	if (!length && lines->raw)
		text_put(&lines->cells, '-');
	if ((cell->kind == CELL_TEXT || cell->kind == CELL_FLAG || cell->kind == CELL_LIST) &&
	    !lines->cells.failed && !is_plain(lines->cells.bytes + begin, length, lines->raw))
		lines->strange = true;
	text_put(&lines->cells, '\0');
	if (length > lines->widths[column])
		lines->widths[column] = length;
}

void lines_end(struct lines *lines)
{
	lines->nr++;
}

static void settle_widths(struct lines *lines)
{
	size_t i, *width;

	for (i = 0; i < lines->selection->nr; i++) {
		width = &lines->widths[i];
		if (*width < lines->least[i])
			*width = lines->least[i];
		else if (*width < lines->hints[i])
			*width = lines->hints[i];
	}
}

/* At the end of a line there are no blanks, but in front of something. */
static void put_cell(struct lines *lines, size_t i, const char *text, size_t length)
{
	bool last = i + 1 == lines->selection->nr;
	bool right = lines->right[i] && length;
	size_t blanks = lines->raw ? 0 : lines->widths[i] - length;

	if (right)
		text_fill(&lines->out, ' ', blanks);
	text_add(&lines->out, text, length);
	if (!right && !last)
		text_fill(&lines->out, ' ', blanks);
	text_put(&lines->out, last ? '\n' : ' ');
}

static void put_headings(struct lines *lines)
{
	size_t i;

	for (i = 0; i < lines->selection->nr; i++)
		put_cell(lines, i, lines->selection->columns[i]->name,
			 strlen(lines->selection->columns[i]->name));
}

int lines_print(struct lines *lines, bool headings)
{
	const char *text = lines->cells.bytes;
	size_t line, i, length;

	if (lines->cells.failed)
		return -ENOMEM;
	settle_widths(lines);
	lines->out.length = 0;
	if (headings)
		put_headings(lines);
	for (line = 0; line < lines->nr; line++) {
		for (i = 0; i < lines->selection->nr; i++) {
			length = strlen(text);
			put_cell(lines, i, text, length);
			text += length + 1;
		}
	}
	if (lines->out.failed)
		return -ENOMEM;
	errno = 0;
	if (fwrite(lines->out.bytes, 1, lines->out.length, stdout) != lines->out.length)
		return errno ? -errno : -EIO;
	return 0;
}

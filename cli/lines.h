/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines of a table that goes into a file or pipe, written as libsmartcols writes them there, at a
 * tenth of the cost: it asks the locale for the width of each character of each cell, twice. What it
 * would write in another form than it is given, lines leave to it.
 */
#ifndef DMAOWN_CLI_LINES_H
#define DMAOWN_CLI_LINES_H

#include "columns.h"
#include "text.h"

struct lines {
	const struct selection *selection;
	bool raw;
	bool right[MAX_COLUMNS];
	size_t least[MAX_COLUMNS];	/* no column becomes narrower than that */
	size_t hints[MAX_COLUMNS];	/* nor, if it has to be that wide, than this */
	size_t widths[MAX_COLUMNS];	/* of the longest cell; once printed: of the column */
	struct text cells;		/* line by line, each ended by a NUL */
	size_t nr;			/* lines */
	bool strange;			/* something in them is to be written in another form */
	struct text out;
};

void lines_begin(struct lines *lines, const struct column_set *set,
		 const struct selection *selection, bool raw);
/* The next cell of the line at hand, and the end of the line. */
void lines_add(struct lines *lines, size_t column, const struct cell *cell, bool bytes);
void lines_end(struct lines *lines);
/* To standard output, with headings or without; nothing strange is in them. 0 or -errno. */
int lines_print(struct lines *lines, bool headings);
/* Those that follow are to be no narrower. */
void lines_keep_widths(struct lines *lines);
void lines_forget(struct lines *lines);
void lines_free(struct lines *lines);

#endif

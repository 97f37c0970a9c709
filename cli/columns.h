/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Columns: one row of a table for each. --output, --json, --raw, --bytes, --list-columns and the
 * completion of column names all live on these tables.
 */
#ifndef DMAOWN_CLI_COLUMNS_H
#define DMAOWN_CLI_COLUMNS_H

#include <libsmartcols.h>

#include "cell.h"

struct census;

/* What a column has to make a cell from. */
struct row {
	const union record *record;
	struct census *census;
};

struct column {
	const char *name;
	const char *help;		/* NULL: what dmaown.h says of the field */
	double width;			/* hint of libsmartcols */
	int flags;			/* SCOLS_FL_* */
	unsigned int attr;		/* the field that is shown as it is, or 0 and: */
	enum cell_kind kind;
	void (*render)(const struct row *row, struct cell *cell);
};

#define FIELD_COLUMN(n, R, F, w, fl)	\
	{ .name = n, .attr = DMAOWN_A_##R##_##F, .width = w, .flags = fl }
#define MADE_COLUMN(n, k, r, w, fl, h)	\
	{ .name = n, .kind = k, .render = r, .width = w, .flags = fl, .help = h }

struct column_set {
	enum record_kind record;
	const struct column *columns;
	size_t nr;
};

#define MAX_COLUMNS	64

struct selection {
	const struct column *columns[MAX_COLUMNS];
	size_t nr;
};

/*
 * Choose the columns of a LIST of names; with a leading '+' in addition to the defaults, which NULL
 * means as well. -ENOENT: *unknown is the beginning of a name that there is not; -E2BIG: too many.
 */
int columns_select(const struct column_set *set, const char *defaults, const char *list,
		   struct selection *selection, const char **unknown);
bool selection_has(const struct selection *selection, const char *name);

const char *column_help(const struct column_set *set, const struct column *column);
enum cell_kind column_kind(const struct column_set *set, const struct column *column);
bool column_is_right(const struct column_set *set, const struct column *column);
void column_render(const struct column_set *set, const struct column *column,
		   const struct row *row, struct cell *cell);

/* The key in JSON: the name in lower case. */
#define COLUMN_KEY	32
const char *column_key(const struct column *column, char key[COLUMN_KEY]);

#endif

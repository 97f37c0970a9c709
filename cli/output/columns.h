/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables of columns. --output, --json, --raw, --bytes, --list-columns and the completion of column
 * names all use them.
 */
#ifndef DMAOWN_CLI_OUTPUT_COLUMNS_H
#define DMAOWN_CLI_OUTPUT_COLUMNS_H

#include <libsmartcols.h>

#include "value.h"

struct lookup;

/* The data that a column makes its value from. */
struct row {
	const union record *record;
	struct lookup *lookup;
};

struct column {
	const char *name;
	const char *help;  /* NULL: the help of the field in dmaown.h */
	double width;	   /* hint of libsmartcols */
	int flags;	   /* SCOLS_FL_* */
	unsigned int attr; /* the field to show; 0: kind and render count */
	enum value_kind kind;
	void (*render)(const struct row *row, struct value *value);
};

#define FIELD_COLUMN(n, R, F, w, fl)                                           \
	{                                                                      \
		.name = n, .attr = DMAOWN_A_##R##_##F, .width = w, .flags = fl \
	}
#define MADE_COLUMN(n, k, r, w, fl, h)                                                \
	{                                                                             \
		.name = n, .kind = k, .render = r, .width = w, .flags = fl, .help = h \
	}

struct column_set {
	enum record_kind record;
	const struct column *columns;
	size_t nr;
};

#define MAX_COLUMNS 64

struct selection {
	const struct column *columns[MAX_COLUMNS];
	size_t nr;
};

/*
 * Select the columns that list names.
 * @list: a leading '+' adds to the defaults; NULL selects the defaults
 * Return: 0; -ENOENT with *unknown pointing to an unknown name; -E2BIG if there are too many.
 */
int columns_select(const struct column_set *set, const char *defaults, const char *list,
		   struct selection *selection, const char **unknown);
bool selection_has(const struct selection *selection, const char *name);

const char *column_help(const struct column_set *set, const struct column *column);
enum value_kind column_kind(const struct column_set *set, const struct column *column);
bool column_is_right(const struct column_set *set, const struct column *column);
void column_render(const struct column_set *set, const struct column *column, const struct row *row,
		   struct value *value);

/* Return: the key in JSON: the name in lower case. */
#define COLUMN_KEY 32
const char *column_key(const struct column *column, char key[COLUMN_KEY]);

#endif

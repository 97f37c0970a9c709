// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exit_status.h"
#include "filter.h"

#ifdef HAVE_SCOLS_FILTER

/*
 * libsmartcols applies a filter to a line of a table. This table has a column for each name in the
 * expression, and one line at a time. It is independent of the output.
 */
struct row_filter {
	const struct column_set *set;
	struct selection selection;
	struct libscols_filter *filter;
	struct libscols_table *table;
};

static int add_column(struct row_filter *filter, const char *name, struct libscols_column **added)
{
	struct selection selection;
	const char *unknown;

	if (columns_select(filter->set, NULL, name, &selection, &unknown)) {
		warnx("--filter: unknown column '%s'; see --list-columns", name);
		return EXIT_USAGE;
	}
	*added = scols_table_new_column(filter->table, name, 0, 0);
	if (!*added)
		err(EXIT_OTHER, "--filter");
	filter->selection.columns[filter->selection.nr++] = selection.columns[0];
	return 0;
}

/* Add a column for each name. A name may occur several times. */
static int add_columns(struct row_filter *filter, struct libscols_iter *iter)
{
	struct libscols_column *column;
	const char *name;
	int rc;

	while (!scols_filter_next_holder(filter->filter, iter, &name, 0)) {
		column = scols_table_get_column_by_name(filter->table, name);
		if (!column && filter->selection.nr == MAX_COLUMNS) {
			warnx("--filter: more than %d columns", MAX_COLUMNS);
			return EXIT_USAGE;
		}
		rc = column ? 0 : add_column(filter, name, &column);
		if (rc)
			return rc;
		scols_filter_assign_column(filter->filter, iter, name, column);
	}
	return 0;
}

static int parse(struct row_filter *filter, const char *expression)
{
	struct libscols_iter *iter = scols_new_iter(SCOLS_ITER_FORWARD);
	int rc;

	filter->filter = scols_new_filter(NULL);
	filter->table = scols_new_table();
	if (!iter || !filter->filter || !filter->table)
		err(EXIT_OTHER, "--filter");
	if (scols_filter_parse_string(filter->filter, expression)) {
		warnx("--filter '%s': %s", expression,
		      scols_filter_get_errmsg(filter->filter) ?: "not an expression");
		rc = EXIT_USAGE;
	} else {
		rc = add_columns(filter, iter);
	}
	scols_free_iter(iter);
	return rc;
}

int row_filter_new(const struct column_set *set, const char *expression, struct row_filter **result)
{
	struct row_filter *filter;
	int rc;

	*result = NULL;
	if (!expression)
		return 0;
	filter = calloc(1, sizeof(*filter));
	if (!filter)
		err(EXIT_OTHER, "--filter");
	filter->set = set;
	rc = parse(filter, expression);
	if (rc)
		row_filter_free(filter);
	else
		*result = filter;
	return rc;
}

void row_filter_free(struct row_filter *filter)
{
	if (!filter)
		return;
	scols_unref_filter(filter->filter);
	scols_unref_table(filter->table);
	free(filter);
}

/* The filter compares exact sizes, and flags as true or false. */
static char *data_of(const struct value *value)
{
	if (value->kind == VALUE_FLAG)
		return strdup(value->number ? "true" : "false");
	return value_to_text(value, true);
}

/* Leave unknown values empty: to the filter they are neither less nor more than a number. */
static int fill(struct row_filter *filter, struct libscols_line *line, const struct row *row)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < filter->selection.nr && !rc; i++) {
		struct value value = { 0 };
		char *text;

		column_render(filter->set, filter->selection.columns[i], row, &value);
		if (value.kind != VALUE_UNKNOWN) {
			text = data_of(&value);
			rc = text ? scols_line_refer_data(line, i, text) : -ENOMEM;
		}
		value_clear(&value);
	}
	return rc;
}

int row_filter_apply(struct row_filter *filter, const struct row *row, bool *matches)
{
	struct libscols_line *line;
	int status = 1;
	int rc;

	if (filter) {
		line = scols_table_new_line(filter->table, NULL);
		rc = line ? fill(filter, line, row) : -ENOMEM;
		rc = rc ?: scols_line_apply_filter(line, filter->filter, &status);
		scols_table_remove_lines(filter->table);
		if (rc)
			return rc;
	}
	*matches = status;
	return 0;
}

#else

int row_filter_new(const struct column_set *set, const char *expression, struct row_filter **filter)
{
	(void)set;
	*filter = NULL;
	if (!expression)
		return 0;
	warnx("--filter needs libsmartcols 2.40 or newer; this dmaownctl was built with %s",
	      LIBSMARTCOLS_VERSION);
	return EXIT_USAGE;
}

void row_filter_free(struct row_filter *filter)
{
	(void)filter;
}

int row_filter_apply(struct row_filter *filter, const struct row *row, bool *matches)
{
	(void)filter;
	(void)row;
	*matches = true;
	return 0;
}

#endif

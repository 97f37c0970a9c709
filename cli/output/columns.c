// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "columns.h"

static const struct column *find(const struct column_set *set, const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < set->nr; i++)
		if (strlen(set->columns[i].name) == length &&
		    !strncasecmp(set->columns[i].name, name, length))
			return &set->columns[i];
	return NULL;
}

static bool selected(const struct selection *selection, const struct column *column)
{
	size_t i;

	for (i = 0; i < selection->nr; i++)
		if (selection->columns[i] == column)
			return true;
	return false;
}

/* Skip a name that is selected already: an object in JSON has each key once. */
static int add_names(const struct column_set *set, const char *list, struct selection *selection,
		     const char **unknown)
{
	const struct column *column;
	size_t length;

	for (;;) {
		length = strcspn(list, ",");
		*unknown = list;
		column = find(set, list, length);
		if (!column)
			return -ENOENT;
		if (!selected(selection, column)) {
			if (selection->nr == MAX_COLUMNS)
				return -E2BIG;
			selection->columns[selection->nr++] = column;
		}
		if (!list[length])
			return 0;
		list += length + 1;
	}
}

int columns_select(const struct column_set *set, const char *defaults, const char *list,
		   struct selection *selection, const char **unknown)
{
	int rc = 0;

	selection->nr = 0;
	if (!list || *list == '+')
		rc = add_names(set, defaults, selection, unknown);
	if (rc || !list)
		return rc;
	return add_names(set, list + (*list == '+'), selection, unknown);
}

bool selection_has(const struct selection *selection, const char *name)
{
	size_t i;

	for (i = 0; i < selection->nr; i++)
		if (!strcmp(selection->columns[i]->name, name))
			return true;
	return false;
}

const char *column_help(const struct column_set *set, const struct column *column)
{
	return column->help ? column->help : record_field(set->record, column->attr)->help;
}

enum value_kind column_kind(const struct column_set *set, const struct column *column)
{
	if (!column->attr)
		return column->kind;
	return value_kind_of_field(record_field(set->record, column->attr));
}

bool column_is_right(const struct column_set *set, const struct column *column)
{
	switch (column_kind(set, column)) {
	case VALUE_NUMBER:
	case VALUE_SIZE:
	case VALUE_TIME:
		return true;
	default:
		return false;
	}
}

void column_render(const struct column_set *set, const struct column *column, const struct row *row,
		   struct value *value)
{
	if (column->render)
		column->render(row, value);
	else
		value_set_field(value, record_field(set->record, column->attr), row->record);
}

const char *column_key(const struct column *column, char key[COLUMN_KEY])
{
	size_t i;

	for (i = 0; column->name[i] && i < COLUMN_KEY - 1; i++)
		key[i] = tolower((unsigned char)column->name[i]);
	key[i] = '\0';
	return key;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "holder_row.h"
#include "host/user.h"
#include "query/holding.h"
#include "query/lookup.h"

void holder_row_pid(const struct row *row, struct value *value)
{
	value_set_field(value, record_field(RECORD_HOLDER, DMAOWN_A_HOLDER_PID), row->record);
	if (holder_is_unknown(&row->record->holder))
		value->text = UNKNOWN_MARK;
}

void holder_row_user(const struct row *row, struct value *value)
{
	if (known(&row->record->holder, HOLDER, UID))
		value_give_text(value, user_name(row->record->holder.uid));
}

void holder_row_unit(const struct row *row, struct value *value)
{
	const struct holder_record *holder = &row->record->holder;
	const char *unit = NULL;

	if (known(holder, HOLDER, PID))
		unit = lookup_unit(row->lookup, holder->pid);
	if (unit)
		value_give_text(value, strdup(unit));
}

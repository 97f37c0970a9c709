/* SPDX-License-Identifier: GPL-2.0-only */
/* Columns that holders and who share: the process of a record of a holder. */
#ifndef DMAOWN_CLI_CMD_HOLDER_ROW_H
#define DMAOWN_CLI_CMD_HOLDER_ROW_H

#include "output/columns.h"

/* An unknown holder is UNKNOWN_MARK. */
void holder_row_pid(const struct row *row, struct value *value);
void holder_row_user(const struct row *row, struct value *value);
void holder_row_unit(const struct row *row, struct value *value);

#endif

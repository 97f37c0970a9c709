/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The preview as a table and in JSON: what moves, from whom to whom, the account that is charged,
 * and how much of its limit is left afterwards.
 */
#ifndef DMAOWN_CLI_TRANSFER_PREVIEW_PRINT_H
#define DMAOWN_CLI_TRANSFER_PREVIEW_PRINT_H

#include "output/json.h"
#include "result.h"

/* Print the table, unless it is empty. @to: the new owner */
void preview_print(const struct process_ref *to, const struct transfer_result *result);
void preview_to_json(const struct process_ref *to, const struct transfer_result *result,
		     struct json *json);

#endif

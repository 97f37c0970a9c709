/* SPDX-License-Identifier: GPL-2.0-only */
/* The result of a transfer, for programs. */
#ifndef DMAOWN_CLI_TRANSFER_PRINT_JSON_H
#define DMAOWN_CLI_TRANSFER_PRINT_JSON_H

#include "request.h"
#include "result.h"

/* @to: the new owner */
void transfer_print_json(const struct transfer_request *request, const struct process_ref *to,
			 const struct transfer_result *result);

#endif

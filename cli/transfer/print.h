/* SPDX-License-Identifier: GPL-2.0-only */
/* The result of a transfer, for people. */
#ifndef DMAOWN_CLI_TRANSFER_PRINT_H
#define DMAOWN_CLI_TRANSFER_PRINT_H

#include "request.h"
#include "result.h"

/* @to: the new owner */
void transfer_print(const struct transfer_request *request, const struct process_ref *to,
		    const struct transfer_result *result);

/*
 * Print on standard error what has moved, if anything, and the command that undoes it. The caller
 * has found that standard output was lost.
 */
void transfer_print_lost(const struct transfer_request *request, const struct process_ref *to,
			 const struct transfer_result *result);

#endif

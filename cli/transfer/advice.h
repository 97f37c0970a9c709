/* SPDX-License-Identifier: GPL-2.0-only */
/* Advice: what the user can do about a refusal. */
#ifndef DMAOWN_CLI_TRANSFER_ADVICE_H
#define DMAOWN_CLI_TRANSFER_ADVICE_H

#include "request.h"
#include "result.h"

/*
 * @to: the new owner
 * @n: number of the piece of advice, from 0
 * Return: the text, which the caller frees; or NULL after the last piece.
 */
char *advice_format(const struct transfer_request *request, const struct process_ref *to,
		    const struct transfer_result *result, unsigned int n);

#endif

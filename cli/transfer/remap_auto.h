/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * --remap auto: find the memory of each area in the new owner, from what the old and the new owner
 * have mapped. The module compares the memory anyway: the addresses found are only a proposal.
 */
#ifndef DMAOWN_CLI_TRANSFER_REMAP_AUTO_H
#define DMAOWN_CLI_TRANSFER_REMAP_AUTO_H

#include "request.h"
#include "result.h"
#include "scope.h"

/*
 * Add to the scope's remaps each area that the request's --remap does not list. The list becomes
 * empty if all memory has the same address in the new owner.
 * Return: 0, or an errno, which is also set in the result. The result has reports, or
 * search_failed is set.
 */
int remap_auto(const struct transfer_request *request, struct transfer_scope *scope,
	       struct transfer_result *result);

/* Print to standard error the lines for --verbose, and why the search failed, if it did. */
void remap_auto_print(const struct transfer_result *result);

#endif

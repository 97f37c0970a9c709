/* SPDX-License-Identifier: GPL-2.0-only */
/* Find the processes, contexts and forces that a request names. */
#ifndef DMAOWN_CLI_TRANSFER_FIND_H
#define DMAOWN_CLI_TRANSFER_FIND_H

#include "request.h"
#include "result.h"
#include "scope.h"

/*
 * Fill the scope; its device and channel are open already.
 * Return: 0, or an exit status with the failure in the result.
 */
int find_scope(struct transfer_scope *scope, const struct transfer_request *request,
	       struct transfer_result *result);

#endif

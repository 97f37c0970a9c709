/* SPDX-License-Identifier: GPL-2.0-only */
/* A transfer with --raise-limit. */
#ifndef DMAOWN_CLI_TRANSFER_RAISE_H
#define DMAOWN_CLI_TRANSFER_RAISE_H

#include "request.h"
#include "result.h"
#include "scope.h"

/*
 * Transfer, and raise the new owner's limit first if nothing else is in the way. A dry run gives
 * the answer that the module would give with the limit raised. Fill limit and limit_error of the
 * result, too. The caller catches signals (host/interrupt.h).
 * Return: as transfer_call().
 */
int transfer_call_raising(const struct transfer_request *request,
			  const struct transfer_scope *scope, struct transfer_result *result);

#endif

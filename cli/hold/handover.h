/* SPDX-License-Identifier: GPL-2.0-only */
/* A transfer to or from this process. */
#ifndef DMAOWN_CLI_HOLD_HANDOVER_H
#define DMAOWN_CLI_HOLD_HANDOVER_H

#include "state.h"
#include "transfer/request.h"
#include "transfer/result.h"
#include "transfer/scope.h"

struct handover {
	struct transfer_request request;
	struct transfer_scope scope;
	struct transfer_result result;
};

/*
 * Prepare a transfer between two processes that were found, of all contexts that the new owner
 * holds. Contexts and files have room for all contexts of the hold.
 * Return: 0, or an exit status after a message.
 */
int handover_make(struct handover *handover, const struct hold *hold, const struct process_ref *to,
		  const struct process_ref *from);
void handover_free(struct handover *handover);

#endif

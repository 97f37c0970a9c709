// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <stdlib.h>

#include "exit_status.h"
#include "handover.h"

#define TIMEOUT_MS 10000

static int make_room(struct handover *handover, const struct hold *hold)
{
	struct transfer_request *request = &handover->request;
	struct transfer_scope *scope = &handover->scope;

	request->contexts = calloc(hold->nr_contexts + 1, sizeof(*request->contexts));
	scope->files = calloc(hold->nr_contexts + 1, sizeof(*scope->files));
	scope->forces = calloc(hold->forces.nr + 1, sizeof(*scope->forces));
	if (!result_init(&handover->result) && request->contexts && scope->files && scope->forces)
		return 0;
	warn("transfer");
	return EXIT_OTHER;
}

int handover_make(struct handover *handover, const struct hold *hold, const struct process_ref *to,
		  const struct process_ref *from)
{
	struct transfer_scope *scope = &handover->scope;
	int rc;

	*handover = (struct handover){
		.request = {
			.choice = hold->choice,
			.from_text = hold->pid_text,
			.forces = hold->forces,
			.timeout_ms = TIMEOUT_MS,
		},
		.scope = {
			.channel = hold->channel,
			.device = hold->device,
			.to = *to,
			.from = *from,
			.has_from = true,
		},
	};
	rc = make_room(handover, hold);
	if (!rc)
		rc = force_resolve(&hold->forces, hold->device, &scope->channel, scope->forces,
				   &scope->nr_forces);
	if (rc)
		handover_free(handover);
	return rc;
}

void handover_free(struct handover *handover)
{
	result_free(&handover->result);
	scope_free(&handover->scope);
	/* The list of forces belongs to the hold. */
	free(handover->request.contexts);
}

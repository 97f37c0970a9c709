/* SPDX-License-Identifier: GPL-2.0-only */
/* Find the transfer that mends a finding about an owner in a context. */
#ifndef DMAOWN_CLI_HEALTH_MEND_H
#define DMAOWN_CLI_HEALTH_MEND_H

#include "channel/channel.h"
#include "finding.h"
#include "query/owner_areas.h"
#include "query/process.h"

struct mend {
	const struct channel *channel;
	const struct record_list *holders;	    /* of all contexts */
	const struct owner_areas_list *owner_areas; /* of all owners */
	uint64_t context;
	struct process_ref from; /* the owner */
	const char *from_text;	 /* the owner as --from names it */
	bool to_itself;		 /* the owner has exec'd: it may become the owner again */
};

/*
 * Try by dry runs to make a holder of the context the owner, with each form of the command that can
 * work. Set the finding's command to the first that works. If none does, set the finding's advice
 * to the obstacle and the next step. A process that maps none of the memory is not suggested.
 */
void mend_find(const struct mend *mend, struct finding *finding);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Is all well with all owners? What verify tells, and metrics counts. */
#ifndef DMAOWN_CLI_HEALTH_H
#define DMAOWN_CLI_HEALTH_H

#include "census.h"
#include "finding.h"
#include "shares.h"

struct health {
	struct channel *channel;
	struct census census;
	struct record_list owners;
	struct record_list contexts;
	struct share_list shares;
	struct finding_list findings;
};

/* The default of --headroom, in percent. */
#define HEALTH_HEADROOM	10

/* Is less left of a limit than so many percent of it? */
bool is_scarce(const struct owner_record *owner, double percent);

/* Can this counter of bytes not be: is it negative? */
bool has_underflowed(uint64_t counter);

/* Does any counter of this owner make no sense, as far as the owner's record alone can tell? */
bool is_corrupt(const struct owner_record *owner);

/* Collect everything and judge it. 0, or an exit status with a message. */
int health_look(struct health *health, struct channel *channel, double percent);

/* The unit of an owner; of one that is dead, that of a holder of the context. Or NULL. */
const char *health_unit(struct health *health, const struct area_record *area);

void health_free(struct health *health);

#endif

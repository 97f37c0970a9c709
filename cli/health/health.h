/* SPDX-License-Identifier: GPL-2.0-only */
/* Judge all owners: verify prints the findings, and metrics counts them. */
#ifndef DMAOWN_CLI_HEALTH_HEALTH_H
#define DMAOWN_CLI_HEALTH_HEALTH_H

#include "finding.h"
#include "query/holding_index.h"
#include "query/lookup.h"
#include "query/owner_areas.h"

struct health {
	struct channel *channel;
	bool advises; /* find out by dry runs what mends each finding */
	struct lookup lookup;
	struct record_list owners;
	struct record_list contexts;
	struct owner_areas_list owner_areas;
	struct holding_index holding;
	uint64_t seen_context; /* context whose best holder is cached, or 0 */
	const struct holder_record *seen_holder;
	struct finding_list findings;
};

/*
 * Read all records and judge them.
 * @percent: owners with less headroom than this are a finding
 * Return: 0, or an exit status after a message.
 */
int health_look(struct health *health, struct channel *channel, double percent);

/* Return: the unit of an owner, or of a holder of the context if the owner is dead; or NULL. */
const char *health_unit(struct health *health, const struct area_record *area);

void health_free(struct health *health);

#endif

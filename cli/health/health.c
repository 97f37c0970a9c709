// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "health.h"
#include "host/user.h"
#include "mend.h"
#include "output/size.h"
#include "query/headroom.h"
#include "query/holding.h"
#include "query/limit.h"
#include "unknown.h"

/* Find the best holder of a context. Owners, and thus the contexts asked for, come in order. */
static const struct holder_record *best_holder(struct health *health, uint64_t context)
{
	const struct holding_process nobody = { 0 };

	if (health->seen_context != context)
		health->seen_holder =
			holding_find(lookup_holders(&health->lookup), context, NULL, nobody).other;
	health->seen_context = context;
	return health->seen_holder;
}

const char *health_unit(struct health *health, const struct area_record *area)
{
	const struct holder_record *holder;

	if (known(area, AREA, PID) && area->state != DMAOWN_STATE_DEAD)
		return lookup_unit(&health->lookup, area->pid);
	holder = best_holder(health, area->context);
	if (!holder || !known(holder, HOLDER, PID))
		return NULL;
	return lookup_unit(&health->lookup, holder->pid);
}

/* OWNERS IN A CONTEXT */

static void set_owned(struct health *health, struct finding *finding,
		      const struct owner_areas *owned)
{
	union record record = { .area = owned->area };
	const char *unit = health_unit(health, &owned->area);

	value_set_number(&finding->context, VALUE_HEX, owned->area.context);
	value_set_field(&finding->owner, record_field(RECORD_AREA, DMAOWN_A_AREA_OWNER), &record);
	value_set_field(&finding->pid, record_field(RECORD_AREA, DMAOWN_A_AREA_PID), &record);
	if (known(&owned->area, AREA, UID))
		value_give_text(&finding->user, user_name(owned->area.uid));
	if (unit)
		value_give_text(&finding->unit, strdup(unit));
	value_set_number(&finding->areas, VALUE_NUMBER, owned->areas);
	value_set_number(&finding->pinned, VALUE_SIZE, owned->pinned);
}

static void advise(struct health *health, const struct owner_areas *owned, struct finding *finding)
{
	const struct area_record *area = &owned->area;
	bool dead = area->state == DMAOWN_STATE_DEAD;
	char owner[24];
	const struct mend mend = {
		.channel = health->channel,
		.holders = lookup_holders(&health->lookup),
		.owner_areas = &health->owner_areas,
		.context = area->context,
		.from = {
			.process = {
				.pid = area->pid,
				.start = area->start,
				.flags = dead ? DMAOWN_PROCESS_INITIAL : 0,
			},
			.uid = area->uid,
			.owner = area->owner,
		},
		.from_text = owner,
		.to_itself = area->state == DMAOWN_STATE_STALE,
	};

	snprintf(owner, sizeof(owner), "0x%" PRIx64, area->owner);
	if (known(area, AREA, PID))
		mend_find(&mend, finding);
	else
		finding_advice(finding, "the owner has no PID in this PID namespace; run "
					"dmaownctl in the initial one (nsenter -t 1 -p -m)");
}

/* Judge the owner of an area. Return: the finding, or FOUND_COUNT if nothing is wrong. */
static enum found find_fault(const struct health *health, const struct area_record *area)
{
	const struct holding_process owner = { area->pid, area->start };

	switch (area->state) {
	case DMAOWN_STATE_DEAD:
		return FOUND_DEAD;
	case DMAOWN_STATE_STALE:
		return FOUND_STALE;
	case DMAOWN_STATE_LIVE:
		/* A file whose context is unknown may be one of this context. */
		if (!holding_index_has(&health->holding, area->context, owner) &&
		    !holding_index_is_unclear(&health->holding, owner))
			return FOUND_NOT_HOLDER;
		return FOUND_COUNT;
	default:
		return FOUND_COUNT;
	}
}

static void check_owned(struct health *health, const struct owner_areas *owned)
{
	static const char *const texts[FOUND_COUNT] = {
		[FOUND_NOT_HOLDER] = "does not hold the context",
		[FOUND_STALE] = "has exec'd since",
		[FOUND_DEAD] = "is dead",
	};
	const struct area_record *area = &owned->area;
	enum found fault = find_fault(health, area);
	char size[SIZE_TEXT], process[PROCESS_TEXT];
	struct finding *finding;

	if (fault == FOUND_COUNT)
		return;
	finding = finding_add(&health->findings, fault,
			      "%" PRIu64 " area%s in context 0x%" PRIx64 ", %s pinned: the owner, "
			      "%s, %s",
			      owned->areas, owned->areas == 1 ? "" : "s", area->context,
			      size_format(size, owned->pinned),
			      process_text(process, known(area, AREA, PID), area->pid),
			      texts[fault]);
	if (health->advises)
		advise(health, owned, finding);
	set_owned(health, finding, owned);
}

static int check_all_owned(struct health *health)
{
	struct owner_areas_list sums = { 0 };
	int rc = owner_areas_by_owner(&health->owner_areas, &sums);
	size_t i;

	for (i = 0; i < sums.nr && !rc; i++)
		check_owned(health, &sums.items[i]);
	owner_areas_free(&sums);
	return rc ? channel_failed(health->channel, RECORD_AREA, rc) : 0;
}

/* LIMITS */

/* Return: the lowest limit that leaves this percentage of it. */
static uint64_t wanted_limit(const struct owner_record *owner, double percent)
{
	return owner->used / (1 - percent / 100) + 1;
}

static void advise_limit(const struct owner_record *owner, double percent, struct finding *finding)
{
	char *command;

	if (!known(owner, OWNER, PID) || percent >= 100)
		return;
	command = limit_command(owner->pid, wanted_limit(owner, percent));
	if (command)
		finding_command(finding, "%s", command);
	free(command);
}

static void check_limit(struct health *health, const union record *record, double percent)
{
	const struct owner_record *owner = &record->owner;
	char headroom[SIZE_TEXT], limit[SIZE_TEXT], process[PROCESS_TEXT];
	struct finding *finding;
	const char *unit;

	if (!is_scarce(owner, percent))
		return;
	finding = finding_add(&health->findings, FOUND_LIMIT,
			      "%s, mode %s: %s left of its limit of %s",
			      process_text(process, known(owner, OWNER, PID), owner->pid),
			      enum_name(TYPE_MODE, owner->mode),
			      size_format(headroom, owner->headroom),
			      size_format(limit, owner->limit));
	advise_limit(owner, percent, finding);
	value_set_field(&finding->owner, record_field(RECORD_OWNER, DMAOWN_A_OWNER_OWNER), record);
	value_set_field(&finding->pid, record_field(RECORD_OWNER, DMAOWN_A_OWNER_PID), record);
	value_set_field(&finding->pinned, record_field(RECORD_OWNER, DMAOWN_A_OWNER_PINNED),
			record);
	value_set_field(&finding->limit, record_field(RECORD_OWNER, DMAOWN_A_OWNER_LIMIT), record);
	value_set_field(&finding->headroom, record_field(RECORD_OWNER, DMAOWN_A_OWNER_HEADROOM),
			record);
	if (known(owner, OWNER, UID))
		value_give_text(&finding->user, user_name(owner->uid));
	unit = known(owner, OWNER, PID) ? lookup_unit(&health->lookup, owner->pid) : NULL;
	if (unit)
		value_give_text(&finding->unit, strdup(unit));
}

/* LOCKED CONTEXTS */

static void check_busy(struct health *health)
{
	const struct context_record *context;
	struct finding *finding;
	size_t i;

	for (i = 0; i < health->contexts.nr; i++) {
		context = &health->contexts.items[i].context;
		if (!context->busy)
			continue;
		finding = finding_add(&health->findings, FOUND_UNKNOWN,
				      "context 0x%" PRIx64 ": %" PRIu32
				      " IOAS%s locked by another thread",
				      context->context, context->busy,
				      context->busy > 1 ? "es are" : " is");
		value_set_number(&finding->context, VALUE_HEX, context->context);
	}
	/* An IOAS was free when the contexts were listed, and locked when the areas were. */
	if (health->owner_areas.busy && !findings_count(&health->findings, FOUND_UNKNOWN))
		finding_add(&health->findings, FOUND_UNKNOWN,
			    "%" PRIu32 " IOAS%s locked by another thread", health->owner_areas.busy,
			    health->owner_areas.busy > 1 ? "es are" : " is");
}

/* EVERYTHING */

static int collect(struct health *health)
{
	int rc;

	rc = channel_collect(health->channel, RECORD_CONTEXT, 0, &health->contexts);
	if (rc)
		return channel_failed(health->channel, RECORD_CONTEXT, rc);
	rc = channel_collect(health->channel, RECORD_OWNER, 0, &health->owners);
	if (rc)
		return channel_failed(health->channel, RECORD_OWNER, rc);
	rc = owner_areas_collect(health->channel, 0, &health->owner_areas);
	if (rc)
		return channel_failed(health->channel, RECORD_AREA, rc);
	holding_index_free(&health->holding);
	health->seen_context = 0;
	rc = channel_collect(health->channel, RECORD_HOLDER, 0, &health->lookup.holders);
	health->lookup.has_holders = true;
	if (!rc)
		rc = holding_index_make(&health->holding, &health->lookup.holders);
	return rc ? channel_failed(health->channel, RECORD_HOLDER, rc) : 0;
}

static bool lacks_holder(const struct health *health)
{
	size_t i;

	for (i = 0; i < health->owner_areas.nr; i++)
		if (find_fault(health, &health->owner_areas.items[i].area) == FOUND_NOT_HOLDER)
			return true;
	return false;
}

/*
 * List again if an owner holds nothing: the process may have opened or closed files between the two
 * listings.
 */
static int check_owners(struct health *health)
{
	int looks = 0;
	int rc;

	do {
		rc = collect(health);
		if (rc)
			return rc;
	} while (lacks_holder(health) && ++looks < 2);
	check_busy(health);
	rc = findings_add_unknown(&health->findings, health->channel,
				  lookup_holders(&health->lookup));
	return rc ?: check_all_owned(health);
}

int health_look(struct health *health, struct channel *channel, double percent)
{
	size_t i;
	int rc;

	health->channel = channel;
	health->lookup.channel = channel;
	rc = check_owners(health);
	if (rc)
		return rc;
	rc = counters_check(&health->lookup, &health->owners, &health->findings);
	if (rc)
		return channel_failed(channel, RECORD_OWNER, rc);
	for (i = 0; i < health->owners.nr; i++)
		check_limit(health, &health->owners.items[i], percent);
	return 0;
}

void health_free(struct health *health)
{
	holding_index_free(&health->holding);
	lookup_free(&health->lookup);
	record_list_free(&health->owners);
	record_list_free(&health->contexts);
	owner_areas_free(&health->owner_areas);
	findings_free(&health->findings);
}

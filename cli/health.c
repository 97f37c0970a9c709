// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "health.h"
#include "holding.h"
#include "process.h"
#include "size.h"

bool is_scarce(const struct owner_record *owner, double percent)
{
	return known(owner, OWNER, LIMIT) && known(owner, OWNER, HEADROOM) &&
	       owner->headroom < owner->limit * (percent / 100);
}

const char *health_unit(struct health *health, const struct area_record *area)
{
	const struct record_list *holders = census_holders(&health->census);
	const struct holder_record *holder;

	if (known(area, AREA, PID) && area->state != DMAOWN_STATE_DEAD)
		return census_unit(&health->census, area->pid);
	holder = holding_find(holders, area->context, NULL, (struct holding_process){ 0 }).other;
	if (!holder || !known(holder, HOLDER, PID))
		return NULL;
	return census_unit(&health->census, holder->pid);
}

/* OWNERS IN A CONTEXT */

static void set_share(struct health *health, struct finding *finding, const struct share *share)
{
	union record record = { .area = share->area };
	const char *unit = health_unit(health, &share->area);

	cell_set_number(&finding->context, CELL_HEX, share->area.context);
	cell_set_field(&finding->owner, record_field(RECORD_AREA, DMAOWN_A_AREA_OWNER), &record);
	cell_set_field(&finding->pid, record_field(RECORD_AREA, DMAOWN_A_AREA_PID), &record);
	if (known(&share->area, AREA, UID))
		cell_give_text(&finding->user, user_name(share->area.uid));
	if (unit)
		cell_give_text(&finding->unit, strdup(unit));
	cell_set_number(&finding->areas, CELL_NUMBER, share->areas);
	cell_set_number(&finding->pinned, CELL_SIZE, share->pinned);
}

/* The process itself, if it is there and holds the context still; else one that does. */
static void advise(const struct share *share, const struct holding *holding,
		   struct finding *finding)
{
	const struct area_record *area = &share->area;
	const struct holder_record *to = holding->own ?: holding->other;
	bool adopt = area->state != DMAOWN_STATE_LIVE && share->by_address;

	if (to && known(to, HOLDER, PID))
		finding_command(finding, "dmaownctl transfer --to %" PRIu32 " --from 0x%" PRIx64
				CONTEXT_OPTION "%s", to->pid, area->owner, area->context,
				adopt ? " --adopt" : "");
	else if (to)
		finding_advice(finding, "its holders have no number in this PID namespace; "
			       "look in the initial one (nsenter -t 1 -p -m)");
	else
		finding_advice(finding, "whoever holds the context is not seen");
}

/* A device file whose context is not known: the owner may hold this one by it. */
static bool may_hold(const struct record_list *holders, const struct area_record *area)
{
	const struct holder_record *holder;
	size_t i;

	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if (holder->busy && holder->pid == area->pid && holder->start == area->start)
			return true;
	}
	return false;
}

static void check_share(struct health *health, const struct share *share)
{
	static const struct { enum found found; const char *text; } by_state[] = {
		[DMAOWN_STATE_LIVE] = { FOUND_NOT_HOLDER, "does not hold the context" },
		[DMAOWN_STATE_STALE] = { FOUND_STALE, "has exec'd since" },
		[DMAOWN_STATE_DEAD] = { FOUND_DEAD, "is dead" },
	};
	const struct record_list *holders = census_holders(&health->census);
	const struct area_record *area = &share->area;
	struct holding holding = holding_find(holders, area->context, NULL,
					      (struct holding_process){ area->pid, area->start });
	char size[SIZE_TEXT], process[PROCESS_TEXT];
	struct finding *finding;

	if (area->state > DMAOWN_STATE_DEAD || !by_state[area->state].text)
		return;
	if (area->state == DMAOWN_STATE_LIVE && (holding.own || may_hold(holders, area)))
		return;
	finding = finding_add(&health->findings, by_state[area->state].found,
			      "%" PRIu64 " area%s in context 0x%" PRIx64 ", %s pinned: the owner, "
			      "%s, %s", share->areas, share->areas == 1 ? "" : "s", area->context,
			      size_format(size, share->pinned),
			      process_text(process, known(area, AREA, PID), area->pid),
			      by_state[area->state].text);
	advise(share, &holding, finding);
	set_share(health, finding, share);
}

static bool same_owner(const struct area_record *a, const struct area_record *b)
{
	return a->context == b->context && a->owner == b->owner && a->state == b->state;
}

/* The shares of all IOASes of a context as one; false: an earlier share has told it. */
static bool sum_shares(const struct share_list *shares, size_t n, struct share *sum)
{
	const struct share *share;
	size_t i;

	*sum = (struct share){ .area = shares->items[n].area };
	for (i = 0; i < shares->nr; i++) {
		share = &shares->items[i];
		if (!same_owner(&share->area, &sum->area))
			continue;
		if (i < n)
			return false;
		sum->areas += share->areas;
		sum->pinned += share->pinned;
		sum->by_address = sum->by_address || share->by_address;
	}
	return true;
}

static void check_shares(struct health *health)
{
	struct share sum;
	size_t i;

	for (i = 0; i < health->shares.nr; i++)
		if (sum_shares(&health->shares, i, &sum))
			check_share(health, &sum);
}

/* LIMITS */

/* The least that leaves so many percent, in whole pages. */
static uint64_t wanted_limit(const struct owner_record *owner, double percent)
{
	uint64_t bytes = owner->used / (1 - percent / 100) + 1;

	return (bytes + 4095) / 4096 * 4096;
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
	if (known(owner, OWNER, PID) && percent < 100)
		finding_command(finding, "prlimit --pid %" PRIu32 " --memlock=%" PRIu64, owner->pid,
				wanted_limit(owner, percent));
	cell_set_field(&finding->owner, record_field(RECORD_OWNER, DMAOWN_A_OWNER_OWNER), record);
	cell_set_field(&finding->pid, record_field(RECORD_OWNER, DMAOWN_A_OWNER_PID), record);
	cell_set_field(&finding->pinned, record_field(RECORD_OWNER, DMAOWN_A_OWNER_PINNED), record);
	cell_set_field(&finding->limit, record_field(RECORD_OWNER, DMAOWN_A_OWNER_LIMIT), record);
	cell_set_field(&finding->headroom, record_field(RECORD_OWNER, DMAOWN_A_OWNER_HEADROOM),
		       record);
	if (known(owner, OWNER, UID))
		cell_give_text(&finding->user, user_name(owner->uid));
	unit = known(owner, OWNER, PID) ? census_unit(&health->census, owner->pid) : NULL;
	if (unit)
		cell_give_text(&finding->unit, strdup(unit));
}

/* WHAT COULD NOT BE SEEN */

static void check_busy(struct health *health)
{
	const struct record_list *holders = census_holders(&health->census);
	const struct context_record *context;
	struct finding *finding;
	size_t i;

	for (i = 0; i < health->contexts.nr; i++) {
		context = &health->contexts.items[i].context;
		if (!context->busy)
			continue;
		finding = finding_add(&health->findings, FOUND_UNKNOWN, "context 0x%" PRIx64
				      ": %" PRIu32 " IOAS%s locked by another thread",
				      context->context, context->busy, context->busy > 1 ? "es are" : " is");
		cell_set_number(&finding->context, CELL_HEX, context->context);
	}
	findings_add_locked(&health->findings, holders);
	/* One was free when the contexts were listed, and not when the areas were. */
	if (health->shares.busy && !findings_count(&health->findings, FOUND_UNKNOWN))
		finding_add(&health->findings, FOUND_UNKNOWN,
			    "%" PRIu32 " IOAS%s locked by another thread", health->shares.busy,
			    health->shares.busy > 1 ? "es are" : " is");
}

/* ALL OF IT */

static int collect(struct health *health)
{
	int rc;

	rc = channel_collect(health->channel, RECORD_CONTEXT, 0, &health->contexts);
	if (rc)
		return channel_failed(health->channel, RECORD_CONTEXT, rc);
	rc = channel_collect(health->channel, RECORD_OWNER, 0, &health->owners);
	if (rc)
		return channel_failed(health->channel, RECORD_OWNER, rc);
	rc = shares_collect(health->channel, 0, &health->shares);
	if (rc)
		return channel_failed(health->channel, RECORD_AREA, rc);
	rc = channel_collect(health->channel, RECORD_HOLDER, 0, &health->census.holders);
	health->census.has_holders = true;
	return rc ? channel_failed(health->channel, RECORD_HOLDER, rc) : 0;
}

/* A process that came or went between two listings is no holder, or no owner, only once. */
static int check_owners(struct health *health)
{
	int looks = 0;
	int rc;

	do {
		findings_free(&health->findings);
		rc = collect(health);
		if (rc)
			return rc;
		check_busy(health);
		check_shares(health);
	} while (findings_count(&health->findings, FOUND_NOT_HOLDER) && ++looks < 2);
	return 0;
}

int health_look(struct health *health, struct channel *channel, double percent)
{
	size_t i;
	int rc;

	health->channel = channel;
	health->census.channel = channel;
	rc = check_owners(health);
	if (rc)
		return rc;
	rc = counters_check(health);
	if (rc)
		return channel_failed(channel, RECORD_OWNER, rc);
	for (i = 0; i < health->owners.nr; i++)
		check_limit(health, &health->owners.items[i], percent);
	return 0;
}

void health_free(struct health *health)
{
	census_free(&health->census);
	record_list_free(&health->owners);
	record_list_free(&health->contexts);
	shares_free(&health->shares);
	findings_free(&health->findings);
}

// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl metrics: print figures in the text format that node exporters collect from files */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "exit_status.h"
#include "health/health.h"
#include "host/array.h"
#include "host/hash.h"
#include "options.h"
#include "query/headroom.h"
#include "query/holding.h"

/*
 * Totals by unit, and by mode and state of the owner. The number of series does not grow with the
 * number of processes and areas.
 */
struct group {
	char *unit;
	uint32_t mode;
	uint32_t state;
	uint64_t areas;
	uint64_t pinned;
	uint64_t contexts;
	uint64_t devices;
	uint64_t found[FOUND_COUNT];
	/* of the owner with the least headroom */
	uint64_t limit;
	uint64_t headroom;
};

/* The group has no mode or state. */
#define NO_LABEL UINT32_MAX

struct metrics {
	struct health health;
	union record status;
	struct record_list refusals;
	struct group *groups;
	size_t nr;
	size_t room;
	struct hash_index index; /* of the groups, by unit, mode and state */
};

/* SUMS */

static struct group *group_of(struct metrics *metrics, const char *unit, uint32_t mode,
			      uint32_t state)
{
	struct group *group;
	size_t at = 0, n;
	uint32_t hash;

	unit = unit ?: "";
	hash = HASH(hash_text(unit), mode, state);
	while (hash_index_next(&metrics->index, hash, &at, &n)) {
		group = &metrics->groups[n];
		if (group->mode == mode && group->state == state && !strcmp(group->unit, unit))
			return group;
	}
	if (!array_grow((void **)&metrics->groups, &metrics->room, metrics->nr + 1,
			sizeof(*metrics->groups)) ||
	    !hash_index_add(&metrics->index, hash, metrics->nr))
		err(EXIT_OTHER, "metrics");
	group = &metrics->groups[metrics->nr++];
	*group = (struct group){ .unit = strdup(unit), .mode = mode, .state = state };
	if (!group->unit)
		err(EXIT_OTHER, "metrics");
	return group;
}

static void sum_owner_areas(struct metrics *metrics)
{
	const struct owner_areas *owned;
	struct group *group;
	size_t i;

	for (i = 0; i < metrics->health.owner_areas.nr; i++) {
		owned = &metrics->health.owner_areas.items[i];
		group = group_of(metrics, health_unit(&metrics->health, &owned->area),
				 owned->area.mode, owned->area.state);
		group->areas += owned->areas;
		group->pinned += owned->pinned;
	}
}

static void sum_limits(struct metrics *metrics)
{
	const struct owner_record *owner;
	struct group *group;
	size_t i;

	for (i = 0; i < metrics->health.owners.nr; i++) {
		owner = &metrics->health.owners.items[i].owner;
		if (!known(owner, OWNER, LIMIT) || !known(owner, OWNER, HEADROOM) ||
		    !known(owner, OWNER, PID))
			continue;
		group = group_of(metrics, lookup_unit(&metrics->health.lookup, owner->pid),
				 owner->mode, NO_LABEL);
		if (group->limit && group->headroom <= owner->headroom)
			continue;
		group->limit = owner->limit;
		group->headroom = owner->headroom;
	}
}

static const char *context_unit(struct metrics *metrics, uint64_t context)
{
	const struct area_record nobody = { .context = context, .state = DMAOWN_STATE_DEAD };

	return health_unit(&metrics->health, &nobody);
}

static void sum_contexts(struct metrics *metrics)
{
	const struct record_list *contexts = &metrics->health.contexts;
	const struct context_record *context;
	struct group *group;
	size_t i;

	for (i = 0; i < contexts->nr; i++) {
		context = &contexts->items[i].context;
		group = group_of(metrics, context_unit(metrics, context->context), NO_LABEL,
				 NO_LABEL);
		group->contexts++;
		group->devices += context->devices;
	}
}

/* Count findings. Series without findings are printed as 0: an alarm needs a series that exists. */
static void sum_findings(struct metrics *metrics)
{
	const struct finding_list *findings = &metrics->health.findings;
	size_t i;

	for (i = 0; i < findings->nr; i++)
		group_of(metrics, findings->items[i].unit.text, NO_LABEL, NO_LABEL)
			->found[findings->items[i].found]++;
	group_of(metrics, NULL, NO_LABEL, NO_LABEL);
}

/* TEXT */

static void put_label(const char *name, const char *value, bool first)
{
	const unsigned char *s = (const unsigned char *)value;
	int length;

	printf("%s%s=\"", first ? "{" : ",", name);
	for (; *s; s += length ?: 1) {
		length = utf8_length(s);
		if (!length)
			fputs("\xef\xbf\xbd", stdout);
		else if (*s == '\n')
			fputs("\\n", stdout);
		else if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else
			fwrite(s, 1, length, stdout);
	}
	putchar('"');
}

static void put_head(const char *name, const char *type, const char *help)
{
	printf("# HELP dmaown_%s %s\n# TYPE dmaown_%s %s\n", name, help, name, type);
}

static void put_sample(const char *name, const struct group *group, const char *finding,
		       uint64_t value)
{
	printf("dmaown_%s", name);
	put_label("unit", group->unit, true);
	if (group->mode != NO_LABEL)
		put_label("mode", enum_name(TYPE_MODE, group->mode) ?: "", false);
	if (group->state != NO_LABEL)
		put_label("state", enum_name(TYPE_STATE, group->state) ?: "", false);
	if (finding)
		put_label("finding", finding, false);
	printf("} %" PRIu64 "\n", value);
}

/* Which groups have which figures? */
static bool has_areas(const struct group *group)
{
	return group->state != NO_LABEL;
}

static bool has_limit(const struct group *group)
{
	return group->state == NO_LABEL && group->mode != NO_LABEL;
}

static bool has_contexts(const struct group *group)
{
	return group->contexts;
}

static void put_groups(const struct metrics *metrics)
{
	static const struct {
		const char *name, *help;
		bool (*applies)(const struct group *group);
		size_t offset;
	} gauges[] = {
		{ "contexts", "Contexts, of iommufd and VFIO type1, by the unit of a holder.",
		  has_contexts, offsetof(struct group, contexts) },
		{ "devices", "Devices bound to these contexts.", has_contexts,
		  offsetof(struct group, devices) },
		{ "areas", "Areas, by unit, accounting mode and state of their owner.", has_areas,
		  offsetof(struct group, areas) },
		{ "pinned_bytes", "Memory pinned for these areas.", has_areas,
		  offsetof(struct group, pinned) },
		{ "limit_bytes", "RLIMIT_MEMLOCK of the owner with the least headroom.", has_limit,
		  offsetof(struct group, limit) },
		{ "headroom_bytes", "Headroom of that owner: limit minus used.", has_limit,
		  offsetof(struct group, headroom) },
	};
	size_t i, n;

	for (i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++) {
		put_head(gauges[i].name, "gauge", gauges[i].help);
		for (n = 0; n < metrics->nr; n++)
			if (gauges[i].applies(&metrics->groups[n]))
				put_sample(gauges[i].name, &metrics->groups[n], NULL,
					   *(uint64_t *)((char *)&metrics->groups[n] +
							 gauges[i].offset));
	}
}

/* Print the findings of verify. Those of can-exit are about a process that a user names. */
static void put_findings(const struct metrics *metrics)
{
	const struct group *group;
	unsigned int found;
	size_t n;

	put_head("findings", "gauge", "Findings of dmaownctl verify, by kind and unit.");
	for (found = FOUND_DEAD; found < FOUND_COUNT; found++) {
		for (n = 0; n < metrics->nr; n++) {
			group = &metrics->groups[n];
			if (group->mode == NO_LABEL && (group->found[found] || !*group->unit))
				put_sample("findings", group, found_names[found],
					   group->found[found]);
		}
	}
}

/* Print all reasons, including those with no refusal: an alarm needs a series that exists. */
static void put_refusals(const struct metrics *metrics)
{
	const struct refusal_record *refusal;
	size_t i;

	put_head("refusals_total", "counter",
		 "Refused transfers, by the only or the first reason.");
	for (i = 0; i < metrics->refusals.nr; i++) {
		refusal = &metrics->refusals.items[i].refusal;
		printf("dmaown_refusals_total");
		put_label("reason", refusal->reason, true);
		printf("} %" PRIu64 "\n", refusal->refusals);
	}
}

static void put_status(const struct metrics *metrics)
{
	static const struct {
		const char *name, *help;
		unsigned int attr;
	} counters[] = {
		{ "transfers_total", "Transfers that moved something.", DMAOWN_A_STATUS_TRANSFERS },
		{ "retries_total", "Attempts at a transfer that found something in flux or locked.",
		  DMAOWN_A_STATUS_RETRIES },
		{ "moved_areas_total", "Areas moved.", DMAOWN_A_STATUS_AREAS },
		{ "moved_bytes_total", "Pinned memory moved.", DMAOWN_A_STATUS_PINNED },
	};
	const struct status_record *status = &metrics->status.status;
	size_t i;

	put_head("info", "gauge", "The kernel module, and what it was built for.");
	printf("dmaown_info");
	put_label("version", status->version, true);
	put_label("kernel", status->kernel, false);
	put_label("build_id", status->build_id, false);
	printf("} 1\n");
	for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		put_head(counters[i].name, "counter", counters[i].help);
		printf("dmaown_%s %" PRIu64 "\n", counters[i].name,
		       field_number(record_field(RECORD_STATUS, counters[i].attr),
				    &metrics->status));
	}
	put_head("busy", "gauge", "IOASes that were locked and are missing from these figures.");
	printf("dmaown_busy %" PRIu32 "\n", metrics->health.owner_areas.busy);
}

/* THE COMMAND */

static const struct argp metrics_argp = {
	.parser = parse_common,
	.children = channel_children,
	.doc = "Write figures for a monitoring system, in the text exposition format that node "
	       "exporters collect from files.\v"
	       "Redirect the output to a temporary file, and then rename that file: an exporter must not "
	       "read half of it.",
};

static int look(struct channel *channel, void *data)
{
	struct metrics *metrics = data;
	int rc = channel_read(channel, RECORD_STATUS, &metrics->status);

	if (rc)
		return channel_failed(channel, RECORD_STATUS, rc);
	rc = channel_collect(channel, RECORD_REFUSAL, 0, &metrics->refusals);
	if (rc)
		return channel_failed(channel, RECORD_REFUSAL, rc);
	rc = health_look(&metrics->health, channel, HEADROOM_PERCENT);
	if (rc)
		return rc;
	sum_contexts(metrics);
	sum_owner_areas(metrics);
	sum_limits(metrics);
	sum_findings(metrics);
	put_status(metrics);
	put_refusals(metrics);
	put_groups(metrics);
	put_findings(metrics);
	return EXIT_DONE;
}

int metrics_main(int argc, char **argv, const struct channel_choice *channel)
{
	struct common_options common = { .channel = *channel };
	struct metrics metrics = { 0 };
	int rc;

	parse_command(&metrics_argp, argc, argv, &common);
	rc = channel_run(&common.channel, look, &metrics);
	while (metrics.nr)
		free(metrics.groups[--metrics.nr].unit);
	free(metrics.groups);
	hash_index_free(&metrics.index);
	record_list_free(&metrics.refusals);
	health_free(&metrics.health);
	return rc;
}

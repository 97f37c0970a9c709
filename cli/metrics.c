// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl metrics: figures in the text format that node exporters collect from files */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "exits.h"
#include "health.h"
#include "holding.h"
#include "options.h"

/*
 * Figures are summed by unit, and by mode and state of the owner, so that the number of series does
 * not grow with that of processes and areas.
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
	/* of the owner that has the least left */
	uint64_t limit;
	uint64_t headroom;
};

/* What does not belong to a mode or state. */
#define NO_LABEL	UINT32_MAX

struct metrics {
	struct health health;
	union record status;
	struct record_list refusals;
	struct group *groups;
	size_t nr;
};

/* SUMS */

static struct group *group_of(struct metrics *metrics, const char *unit, uint32_t mode,
			      uint32_t state)
{
	struct group *groups;
	size_t i;

	unit = unit ?: "";
	for (i = 0; i < metrics->nr; i++) {
		groups = &metrics->groups[i];
		if (groups->mode == mode && groups->state == state && !strcmp(groups->unit, unit))
			return groups;
	}
	groups = reallocarray(metrics->groups, metrics->nr + 1, sizeof(*groups));
	if (!groups)
		err(EXIT_OTHER, "metrics");
	metrics->groups = groups;
	groups += metrics->nr++;
	*groups = (struct group){ .unit = strdup(unit), .mode = mode, .state = state };
	if (!groups->unit)
		err(EXIT_OTHER, "metrics");
	return groups;
}

static void sum_shares(struct metrics *metrics)
{
	const struct share *share;
	struct group *group;
	size_t i;

	for (i = 0; i < metrics->health.shares.nr; i++) {
		share = &metrics->health.shares.items[i];
		group = group_of(metrics, health_unit(&metrics->health, &share->area),
				 share->area.mode, share->area.state);
		group->areas += share->areas;
		group->pinned += share->pinned;
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
		group = group_of(metrics, census_unit(&metrics->health.census, owner->pid),
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

/* Those that nothing is found of are told too, as 0: a series that comes and goes alarms nobody. */
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

/* What each kind of group tells. */
static bool tells_areas(const struct group *group)
{
	return group->state != NO_LABEL;
}

static bool tells_limit(const struct group *group)
{
	return group->state == NO_LABEL && group->mode != NO_LABEL;
}

static bool tells_contexts(const struct group *group)
{
	return group->contexts;
}

static void put_groups(const struct metrics *metrics)
{
	static const struct {
		const char *name, *help;
		bool (*tells)(const struct group *group);
		size_t offset;
	} gauges[] = {
		{ "contexts", "Contexts, of iommufd and VFIO type1, by the unit of a holder.", tells_contexts,
		  offsetof(struct group, contexts) },
		{ "devices", "Devices bound to these contexts.", tells_contexts,
		  offsetof(struct group, devices) },
		{ "areas", "Areas, by unit, accounting mode and state of their owner.", tells_areas,
		  offsetof(struct group, areas) },
		{ "pinned_bytes", "Memory pinned for these areas.", tells_areas,
		  offsetof(struct group, pinned) },
		{ "limit_bytes", "RLIMIT_MEMLOCK of the owner that has the least left of it.",
		  tells_limit, offsetof(struct group, limit) },
		{ "headroom_bytes", "What that owner has left of its limit.", tells_limit,
		  offsetof(struct group, headroom) },
	};
	size_t i, n;

	for (i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++) {
		put_head(gauges[i].name, "gauge", gauges[i].help);
		for (n = 0; n < metrics->nr; n++)
			if (gauges[i].tells(&metrics->groups[n]))
				put_sample(gauges[i].name, &metrics->groups[n], NULL,
					   *(uint64_t *)((char *)&metrics->groups[n] +
							 gauges[i].offset));
	}
}

/* Those of verify: can-exit's are about a process that somebody asks about. */
static void put_findings(const struct metrics *metrics)
{
	const struct group *group;
	unsigned int found;
	size_t n;

	put_head("findings", "gauge", "What dmaownctl verify finds wrong, by kind and unit.");
	for (found = FOUND_DEAD; found < FOUND_COUNT; found++) {
		for (n = 0; n < metrics->nr; n++) {
			group = &metrics->groups[n];
			if (group->mode == NO_LABEL && (group->found[found] || !*group->unit))
				put_sample("findings", group, found_names[found],
					   group->found[found]);
		}
	}
}

/* All reasons, also those that were never given: a series that is there from the start can be watched. */
static void put_refusals(const struct metrics *metrics)
{
	const struct refusal_record *refusal;
	size_t i;

	put_head("refusals_total", "counter",
		 "Transfers that were refused, by the first reason that was given.");
	for (i = 0; i < metrics->refusals.nr; i++) {
		refusal = &metrics->refusals.items[i].refusal;
		printf("dmaown_refusals_total");
		put_label("reason", refusal->reason, true);
		printf("} %" PRIu64 "\n", refusal->refusals);
	}
}

static void put_status(const struct metrics *metrics)
{
	static const struct { const char *name, *help; unsigned int attr; } counters[] = {
		{ "transfers_total", "Transfers that moved something.", DMAOWN_A_STATUS_TRANSFERS },
		{ "retries_total", "Attempts at a transfer that met something in flux.",
		  DMAOWN_A_STATUS_RETRIES },
		{ "moved_areas_total", "Areas that changed hands.", DMAOWN_A_STATUS_AREAS },
		{ "moved_bytes_total", "Pinned memory that changed hands.",
		  DMAOWN_A_STATUS_PINNED },
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
	put_head("busy", "gauge", "IOASes that were locked and are missing in these figures.");
	printf("dmaown_busy %" PRIu32 "\n", metrics->health.shares.busy);
}

/* THE COMMAND */

static error_t parse_metrics(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = state->input;
		return 0;
	case ARGP_KEY_ARG:
		usage_error(state, "unexpected argument '%s'", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child metrics_children[] = { { &channel_argp, 0, NULL, 0 }, { 0 } };

static const struct argp metrics_argp = {
	.parser = parse_metrics,
	.children = metrics_children,
	.doc = "Write figures for a monitoring system, in the text exposition format that node "
	       "exporters collect from files.\v"
	       "Write it to a file of another name, and rename that.",
};

static int keep(const union record *record, void *data)
{
	*(union record *)data = *record;
	return 0;
}

static int look(struct metrics *metrics, struct channel *channel)
{
	int rc = channel_each(channel, RECORD_STATUS, 0, keep, &metrics->status);

	if (rc)
		return channel_failed(channel, RECORD_STATUS, rc);
	rc = channel_collect(channel, RECORD_REFUSAL, 0, &metrics->refusals);
	if (rc)
		return channel_failed(channel, RECORD_REFUSAL, rc);
	rc = health_look(&metrics->health, channel, HEALTH_HEADROOM);
	if (rc)
		return rc;
	sum_contexts(metrics);
	sum_shares(metrics);
	sum_limits(metrics);
	sum_findings(metrics);
	put_status(metrics);
	put_refusals(metrics);
	put_groups(metrics);
	put_findings(metrics);
	if (ferror(stdout) || fflush(stdout)) {
		warn("cannot write");
		return EXIT_OTHER;
	}
	return EXIT_DONE;
}

int metrics_main(int argc, char **argv, const struct channel_choice *channel)
{
	struct channel_choice choice = *channel;
	struct metrics metrics = { 0 };
	struct channel open;
	int rc;

	parse_command(&metrics_argp, argc, argv, &choice);
	rc = channel_open(&open, &choice);
	if (rc)
		return rc;
	rc = look(&metrics, &open);
	while (metrics.nr)
		free(metrics.groups[--metrics.nr].unit);
	free(metrics.groups);
	record_list_free(&metrics.refusals);
	health_free(&metrics.health);
	channel_close(&open);
	return rc;
}

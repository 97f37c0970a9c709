// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl verify: judge all owners, counters, limits and, if asked, their memory */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "exit_status.h"
#include "health/health.h"
#include "health/memory.h"
#include "options.h"
#include "query/headroom.h"

enum { OPTION_HEADROOM = 512, OPTION_MEMORY };

struct verify {
	struct common_options common;
	double percent;
	bool memory;
};

static const struct argp_option verify_options[] = {
	{ "headroom", OPTION_HEADROOM, "PCT", 0,
	  "Report limits of which less than PCT percent are left (default: 10)", 0 },
	{ "memory", OPTION_MEMORY, NULL, 0,
	  "Also compare what is pinned with what the owners have mapped", 0 },
	JSON_OPTION,
	{ 0 }
};

static double parse_percent(const char *text, struct argp_state *state)
{
	char *end;
	double percent = strtod(text, &end);

	/* NaN fails the comparisons. */
	if (end == text || *end || !(percent >= 0 && percent <= 100))
		usage_error(state, "not a percentage from 0 to 100: '%s'", text);
	return percent;
}

static error_t parse_verify(int key, char *arg, struct argp_state *state)
{
	struct verify *verify = state->input;

	switch (key) {
	case OPTION_HEADROOM:
		verify->percent = parse_percent(arg, state);
		return 0;
	case OPTION_MEMORY:
		verify->memory = true;
		return 0;
	default:
		return parse_common(key, arg, state);
	}
}

static const struct argp verify_argp = {
	.options = verify_options,
	.parser = parse_verify,
	.children = channel_children,
	.doc = "Find dead owners, wrong counters, limits nearly reached and, with --memory, devices that "
	       "use other pages than the owner has. Print nothing if all is well.\v"
	       "Exit status: 0 all is well; 2 something is wrong, and is printed; 14 nothing wrong was "
	       "found, but not everything could be inspected; see dmaownctl(8).",
};

static void print_json(const struct health *health)
{
	struct json json = { .out = stdout };

	json_open(&json, NULL, '{');
	json_open(&json, "verify", '{');
	json_bool(&json, "ok", !health->findings.nr);
	findings_to_json(&health->findings, &json);
	json_close(&json, '}');
	json_close(&json, '}');
}

static int look(struct channel *channel, void *data)
{
	const struct verify *verify = data;
	struct health health = { .advises = true };
	int rc = health_look(&health, channel, verify->percent);

	if (!rc && verify->memory)
		rc = memory_check(&health);
	if (!rc) {
		if (verify->common.json)
			print_json(&health);
		else
			findings_print(&health.findings);
		rc = findings_status(&health.findings);
	}
	health_free(&health);
	return rc;
}

int verify_main(int argc, char **argv, const struct channel_choice *channel)
{
	struct verify verify = { .common.channel = *channel, .percent = HEADROOM_PERCENT };

	parse_command(&verify_argp, argc, argv, &verify);
	return channel_run(&verify.common.channel, look, &verify);
}

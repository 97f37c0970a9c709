// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl verify: is all well? */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "exits.h"
#include "health.h"
#include "options.h"

enum { OPTION_HEADROOM = 512 };

struct verify {
	struct channel_choice choice;
	double percent;
	bool json;
};

static const struct argp_option verify_options[] = {
	{ "headroom", OPTION_HEADROOM, "PCT", 0,
	  "Name limits of which less than so many percent are left (10)", 0 },
	{ "json", 'J', NULL, 0, "Write JSON", 0 },
	{ 0 }
};

static double parse_percent(const char *text, struct argp_state *state)
{
	char *end;
	double percent = strtod(text, &end);

	/* What is not a number fails the comparisons too. */
	if (end == text || *end || !(percent >= 0 && percent <= 100))
		usage_error(state, "not a percentage of 0 to 100: '%s'", text);
	return percent;
}

static error_t parse_verify(int key, char *arg, struct argp_state *state)
{
	struct verify *verify = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &verify->choice;
		return 0;
	case OPTION_HEADROOM:
		verify->percent = parse_percent(arg, state);
		return 0;
	case 'J':
		verify->json = true;
		return 0;
	case ARGP_KEY_ARG:
		usage_error(state, "unexpected argument '%s'", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child verify_children[] = { { &channel_argp, 0, NULL, 0 }, { 0 } };

static const struct argp verify_argp = {
	.options = verify_options,
	.parser = parse_verify,
	.children = verify_children,
	.doc = "Look for what is wrong with owners, counters and limits, and say nothing if all is well.\v"
	       "Exit status: 0 all is well; 2 something is wrong, and is said; 14 nothing is, as far as "
	       "can be told, for something was locked; see dmaownctl(8).",
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

static int look(const struct verify *verify, struct channel *channel)
{
	struct health health = { 0 };
	int rc = health_look(&health, channel, verify->percent);

	if (!rc) {
		if (verify->json)
			print_json(&health);
		else
			findings_print(&health.findings);
		rc = findings_status(&health.findings);
		if (ferror(stdout) || fflush(stdout)) {
			warn("cannot write");
			rc = EXIT_OTHER;
		}
	}
	health_free(&health);
	return rc;
}

int verify_main(int argc, char **argv, const struct channel_choice *channel)
{
	struct verify verify = { .choice = *channel, .percent = HEALTH_HEADROOM };
	struct channel open;
	int rc;

	parse_command(&verify_argp, argc, argv, &verify);
	rc = channel_open(&open, &verify.choice);
	if (rc)
		return rc;
	rc = look(&verify, &open);
	channel_close(&open);
	return rc;
}

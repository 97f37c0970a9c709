// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit_status.h"
#include "host/number.h"
#include "options.h"

enum { OPTION_CHANNEL = 256, OPTION_USAGE };

/*
 * "dmaownctl areas", for help and hints. argp would use argv[0]. But getopt begins its messages
 * with argv[0], which therefore has to be "dmaownctl".
 */
static char *command_name;

static void help(const struct argp_state *state, FILE *out, unsigned int flags)
{
	struct argp_state named = *state;

	if (command_name)
		named.name = command_name;
	argp_state_help(&named, out, flags);
}

void usage_error(const struct argp_state *state, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vwarnx(format, args);
	va_end(args);
	help(state, stderr, ARGP_HELP_STD_ERR);
	exit(EXIT_USAGE);
}

uint32_t parse_timeout(const char *text, struct argp_state *state)
{
	double seconds;
	char *end;

	seconds = strtod(text, &end);
	/* NaN fails the comparisons. */
	if (end == text || *end || !(seconds >= 0) ||
	    !(seconds * 1000 <= DMAOWN_TRANSFER_MAX_TIMEOUT))
		usage_error(state, "not a timeout of 0 to %d seconds: '%s'",
			    DMAOWN_TRANSFER_MAX_TIMEOUT / 1000, text);
	/* Round up to whole milliseconds. */
	return seconds * 1000 + 0.999;
}

static error_t parse_channel(int key, char *arg, struct argp_state *state)
{
	struct channel_choice *choice = state->input;

	switch (key) {
	case OPTION_CHANNEL:
		if (!channel_exists(arg))
			usage_error(state, "unknown channel '%s': use netlink or debugfs", arg);
		choice->name = arg;
		return 0;
	case 'h':
	case '?':
		help(state, stdout, ARGP_HELP_STD_HELP);
		return 0;
	case OPTION_USAGE:
		help(state, stdout, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
		return 0;
	case 'V':
		puts(argp_program_version);
		exit(EXIT_DONE);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option channel_options[] = {
	{ "channel", OPTION_CHANNEL, "netlink|debugfs", 0,
	  "The channel to read from; by default netlink, or debugfs if netlink is not available",
	  1 },
	{ "help", 'h', NULL, 0, "Show this help", -1 },
	{ NULL, '?', NULL, OPTION_HIDDEN, NULL, -1 },
	{ "usage", OPTION_USAGE, NULL, 0, "Show a short usage message", -1 },
	{ "version", 'V', NULL, 0, "Show the version", -1 },
	{ 0 }
};

const struct argp channel_argp = { .options = channel_options, .parser = parse_channel };

const struct argp_child channel_children[] = { { &channel_argp, 0, NULL, 0 }, { 0 } };

const struct argp_option json_options[] = { JSON_OPTION, { 0 } };

error_t parse_common(int key, char *arg, struct argp_state *state)
{
	struct common_options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->channel;
		return 0;
	case 'J':
		options->json = true;
		return 0;
	case ARGP_KEY_ARG:
		usage_error(state, "unexpected argument '%s'", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option listing_options[] = {
	{ "output", 'o', "LIST", 0, "Show these columns; +LIST adds to the default ones", 0 },
	{ "json", 'J', NULL, 0, "Write JSON", 0 },
	{ "raw", 'r', NULL, 0,
	  "Write columns without padding, blanks as \\x20, unknown values as -", 0 },
	{ "noheadings", 'n', NULL, 0, "Write no headings", 0 },
	{ "bytes", 'b', NULL, 0, "Write sizes in bytes", 0 },
	{ "list-columns", 'H', NULL, 0, "List the columns of this command", 0 },
	{ "context", 'c', "CONTEXT", 0,
	  "Only this context: its ID, PID/FD or PID of a holder, or a device or group in it", 0 },
	{ "pid", 'p', "PID", 0, "Only what this process holds or owns", 0 },
	{ "filter", 'Q', "EXPRESSION", 0,
	  "Only lines for which this is true, such as 'PINNED > 1G'; see scols-filter(5)", 0 },
	{ 0 }
};

static error_t parse_listing(int key, char *arg, struct argp_state *state)
{
	struct listing_options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->channel;
		return 0;
	case 'o':
		options->output.columns = arg;
		return 0;
	case 'J':
		options->output.json = true;
		return 0;
	case 'r':
		options->output.raw = true;
		return 0;
	case 'n':
		options->output.noheadings = true;
		return 0;
	case 'b':
		options->output.bytes = true;
		return 0;
	case 'H':
		options->output.list_columns = true;
		return 0;
	case 'c':
		options->context = arg;
		return 0;
	case 'p':
		options->pid = pid_parse(arg);
		if (!options->pid)
			usage_error(state, "not a PID: '%s'", arg);
		return 0;
	case 'Q':
		if (options->context_argument)
			usage_error(state, "tree has no --filter; the other listings have it");
		options->filter = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (!options->context_argument || options->context)
			usage_error(state, "unexpected argument '%s'", arg);
		options->context = arg;
		return 0;
	case ARGP_KEY_END:
		if (options->output.json && options->output.raw)
			usage_error(state, "--json and --raw exclude each other");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp listing_argp = {
	.options = listing_options,
	.parser = parse_listing,
	.children = channel_children,
};

void parse_command(const struct argp *argp, int argc, char **argv, void *input)
{
	error_t rc;

	if (asprintf(&command_name, "%s %s", program_invocation_short_name, argv[0]) < 0)
		err(EXIT_OTHER, "parsing options");
	argv[0] = program_invocation_short_name;
	rc = argp_parse(argp, argc, argv, ARGP_NO_HELP, NULL, input);
	free(command_name);
	command_name = NULL;
	if (rc) {
		errno = rc;
		err(EXIT_OTHER, "parsing options");
	}
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Options of several commands. */
#ifndef DMAOWN_CLI_OPTIONS_H
#define DMAOWN_CLI_OPTIONS_H

#include <argp.h>

#include "channel/channel.h"
#include "output/output.h"

struct listing_options {
	struct channel_choice channel;
	struct output_options output;
	const char *context;   /* of --context, or NULL */
	uint32_t pid;	       /* of --pid, or 0 */
	const char *filter;    /* of --filter, or NULL */
	bool context_argument; /* CONTEXT may be given without --context */
};

struct common_options {
	struct channel_choice channel;
	bool json;
};

/*
 * A parser for --json and for commands that take no argument. The input begins with a struct
 * common_options, and the children are channel_children.
 */
error_t parse_common(int key, char *arg, struct argp_state *state);

#define JSON_OPTION                                   \
	{                                             \
		"json", 'J', NULL, 0, "Write JSON", 0 \
	}

/* JSON_OPTION and nothing else. */
extern const struct argp_option json_options[];

/* --channel, --help, --usage and --version. The input is a struct channel_choice. */
extern const struct argp channel_argp;

/* Children with channel_argp and nothing else. */
extern const struct argp_child channel_children[];

/* The options of listings. The input is a struct listing_options. */
extern const struct argp listing_argp;

/* Report an error in the command line, point to --help, and exit with EXIT_USAGE. */
void usage_error(const struct argp_state *state, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Call argp_parse() for a command. Messages begin with "dmaownctl: ", help with the command. */
void parse_command(const struct argp *argp, int argc, char **argv, void *input);

/* Parse seconds and fractions of a second; anything else is a usage error. Return: milliseconds. */
uint32_t parse_timeout(const char *text, struct argp_state *state);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Options that commands share. */
#ifndef DMAOWN_CLI_OPTIONS_H
#define DMAOWN_CLI_OPTIONS_H

#include <argp.h>

#include "channel.h"
#include "output.h"

struct listing_options {
	struct channel_choice channel;
	struct output_options output;
	const char *context;		/* --context, or NULL */
	uint32_t pid;			/* --pid, or 0 */
	const char *filter;		/* --filter, or NULL */
	bool context_argument;		/* CONTEXT may stand without --context */
};

/* --channel, --help, --usage and --version; its input is a struct channel_choice */
extern const struct argp channel_argp;

/* What listings have; its input is a struct listing_options */
extern const struct argp listing_argp;

/* Say what is wrong with the command line, point to --help, and end with EXIT_USAGE. */
void usage_error(const struct argp_state *state, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* argp_parse() for a command: messages begin with "dmaownctl: ", its help with its own name. */
void parse_command(const struct argp *argp, int argc, char **argv, void *input);

/* A decimal number from 1 to 2^32 - 1, or 0: it is none. */
uint32_t parse_pid(const char *text);

/* Seconds, and fractions of them, as milliseconds; what is none, or too much, is a usage error. */
uint32_t parse_timeout(const char *text, struct argp_state *state);

#endif

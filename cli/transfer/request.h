/* SPDX-License-Identifier: GPL-2.0-only */
/* A request: the parsed command line of a transfer or a check. It is constant once it is parsed. */
#ifndef DMAOWN_CLI_TRANSFER_REQUEST_H
#define DMAOWN_CLI_TRANSFER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <argp.h>

#include "channel/channel.h"
#include "force.h"
#include "query/process.h"
#include "remap.h"

struct transfer_request {
	struct channel_choice choice;
	const char *to_text;
	const char *from_text; /* or NULL */
	struct process_name to_name;
	struct process_name from_name;
	const char **contexts; /* as named by --context */
	size_t nr_contexts;    /* 0: all that the new owner holds */
	struct remap_list remaps;
	struct force_list forces;
	uint32_t timeout_ms;
	bool remap_auto;
	bool adopt;
	bool raise_limit;
	bool dry_run;
	bool json;
	bool quiet;
	bool verbose;

	/*
	 * Optional, for --remap auto: translate an address of the old owner to the address that is
	 * preferred in the new owner. Return: the address, or 0 without a preference.
	 */
	uint64_t (*translate)(uint64_t addr, const void *data);
	const void *translate_data;
};

/* The options of transfer and check; their input is a struct transfer_request. */
extern const struct argp transfer_argp;
extern const struct argp check_argp;

/* Set the defaults and make room for contexts; without memory, exit with a message. */
void request_init(struct transfer_request *request, const struct channel_choice *choice);
void request_free(struct transfer_request *request);

#endif

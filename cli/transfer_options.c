// SPDX-License-Identifier: GPL-2.0-only
/* The options of transfer and check: the same. */
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "options.h"
#include "transfer.h"

enum {
	OPTION_TO = 512, OPTION_FROM, OPTION_REMAP, OPTION_ADOPT, OPTION_FORCE, OPTION_RAISE_LIMIT,
	OPTION_TIMEOUT, OPTION_DRY_RUN,
};

static const struct argp_option transfer_options[] = {
	{ "to", OPTION_TO, "PID", 0, "The new owner: PID, or PID:INODE of its pidfd", 0 },
	{ "from", OPTION_FROM, "PID|OWNER", 0,
	  "Move only what this process owns; a dead one is named by its owner ID", 0 },
	{ "context", 'c', "CONTEXT", 0,
	  "Move what is in this context, and in others so named; by default in all that PID holds", 0 },
	{ "remap", OPTION_REMAP, "auto|IOAS:IOVA=ADDR", 0,
	  "PID has the memory of the area that begins at this IOVA at this address; "
	  "given for one area, it must be given for all that are mapped by address. With auto, "
	  "those that are not given are looked for in what the old owner and PID have mapped", 0 },
	{ "adopt", OPTION_ADOPT, NULL, 0,
	  "Move what is mapped by address from dead and stale owners too, where PID has just the "
	  "pages that are pinned", 0 },
	{ "force", OPTION_FORCE, "REASON[=NAME]", 0,
	  "Do not refuse for this reason: would-reset, or would-reset=DEVICE; untrusted-holder, or "
	  "untrusted-holder=PID; may be given several times", 0 },
	{ "raise-limit", OPTION_RAISE_LIMIT, NULL, 0,
	  "If nothing but PID's RLIMIT_MEMLOCK is in the way, raise it by what is missing", 0 },
	{ "timeout", OPTION_TIMEOUT, "SEC", 0,
	  "How long to wait for what is in flux (10); 0 tries once", 0 },
	{ "dry-run", OPTION_DRY_RUN, NULL, 0, "Check all of it and change nothing", 0 },
	{ "json", 'J', NULL, 0, "Write JSON, in success and in failure", 0 },
	{ "verbose", 'v', NULL, 0, "Explain what --remap auto finds", 0 },
	{ "quiet", 'q', NULL, 0, "Write nothing when it succeeds", 0 },
	{ 0 }
};

static void add_context(struct transfer *transfer, const char *text, struct argp_state *state)
{
	struct context_name name;

	if (!context_parse(text, &name))
		usage_error(state, "context '%s': give its ID (0x...), PID/FD or PID of a holder, "
			    "or the name of a device in it", text);
	if (transfer->nr_contexts == DMAOWN_TRANSFER_MAX_FILES)
		usage_error(state, "more than %d contexts", DMAOWN_TRANSFER_MAX_FILES);
	transfer->contexts[transfer->nr_contexts++] = text;
}

static void add_remaps(struct transfer *transfer, const char *text, struct argp_state *state)
{
	const char *bad;

	if (!strcmp(text, "auto")) {
		transfer->remap_auto = true;
		return;
	}
	if (!remap_parse(&transfer->remaps, text, &bad))
		usage_error(state, "--remap '%s': not auto, IOAS:IOVA=ADDR or "
			    "CONTEXT/IOAS:IOVA=ADDR", bad);
	if (transfer->remaps.nr > DMAOWN_TRANSFER_MAX_REMAPS)
		usage_error(state, "more than %d entries of --remap", DMAOWN_TRANSFER_MAX_REMAPS);
}

static void add_force(struct transfer *transfer, const char *text, struct argp_state *state)
{
	char *wrong = force_add(&transfer->forces, text);

	if (wrong)
		usage_error(state, "--force '%s': %s", text, wrong);
}

static void check_options(const struct transfer *transfer, struct argp_state *state)
{
	if (!transfer->to_text)
		usage_error(state, "--to is missing: which process is to be the owner?");
	if (!transfer->to_name.pid)
		usage_error(state, "--to '%s': the new owner is named by PID or PID:INODE",
			    transfer->to_text);
}

static error_t parse_transfer(int key, char *arg, struct argp_state *state)
{
	struct transfer *transfer = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &transfer->choice;
		return 0;
	case OPTION_TO:
		transfer->to_text = arg;
		if (!process_parse(arg, &transfer->to_name))
			usage_error(state, "not a PID or PID:INODE: '%s'", arg);
		return 0;
	case OPTION_FROM:
		transfer->from_text = arg;
		if (!process_parse(arg, &transfer->from_name))
			usage_error(state, "not a PID, PID:INODE or owner ID: '%s'", arg);
		return 0;
	case OPTION_REMAP:
		add_remaps(transfer, arg, state);
		return 0;
	case OPTION_ADOPT:
		transfer->adopt = true;
		return 0;
	case OPTION_FORCE:
		add_force(transfer, arg, state);
		return 0;
	case OPTION_RAISE_LIMIT:
		transfer->raise_limit = true;
		return 0;
	case OPTION_TIMEOUT:
		transfer->timeout_ms = parse_timeout(arg, state);
		return 0;
	case OPTION_DRY_RUN:
		transfer->dry_run = true;
		return 0;
	case 'c':
		add_context(transfer, arg, state);
		return 0;
	case 'J':
		transfer->json = true;
		return 0;
	case 'q':
		transfer->quiet = true;
		return 0;
	case 'v':
		transfer->verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		usage_error(state, "unexpected argument '%s'", arg);
		return 0;
	case ARGP_KEY_END:
		check_options(transfer, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child transfer_children[] = { { &channel_argp, 0, NULL, 0 }, { 0 } };

#define REFUSALS									\
	"3 FROM owns nothing there; 10 no such process, or a dead or stale owner; 11 the new "	\
	"owner's limit; 12 not the same memory; 13 the remap list; 14 busy until the timeout; "	\
	"15 the context is not held, or could not be kept; 77 not allowed; see dmaownctl(8)."

const struct argp transfer_argp = {
	.options = transfer_options,
	.parser = parse_transfer,
	.children = transfer_children,
	.doc = "Make a process the owner of the areas in the contexts it holds, all or nothing.\v"
	       "Exit status: 0 moved, or nothing to do; " REFUSALS,
};

const struct argp check_argp = {
	.options = transfer_options,
	.parser = parse_transfer,
	.children = transfer_children,
	.doc = "Tell whether a transfer with the same options would succeed, and if not, every "
	       "reason why not. Nothing is changed.\v"
	       "Exit status: 0 it would, or there is nothing to do; " REFUSALS,
};

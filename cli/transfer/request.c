// SPDX-License-Identifier: GPL-2.0-only
/* The options of transfer and check, which are the same. */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "exit_status.h"
#include "options.h"
#include "query/context.h"
#include "request.h"

#define DEFAULT_TIMEOUT_MS 10000

enum {
	OPTION_TO = 512,
	OPTION_FROM,
	OPTION_REMAP,
	OPTION_ADOPT,
	OPTION_FORCE,
	OPTION_RAISE_LIMIT,
	OPTION_TIMEOUT,
	OPTION_DRY_RUN,
};

static const struct argp_option transfer_options[] = {
	{ "to", OPTION_TO, "PID", 0, "The new owner: PID, or PID:INODE of its pidfd", 0 },
	{ "from", OPTION_FROM, "PID|OWNER", 0,
	  "Move only what this process owns; a dead one is named by its owner ID", 0 },
	{ "context", 'c', "CONTEXT", 0,
	  "Move what is in this context. May be given several times; by default, all contexts that "
	  "PID holds",
	  0 },
	{ "remap", OPTION_REMAP, "auto|IOAS:IOVA=ADDR", 0,
	  "In PID, the memory of the area that begins at IOVA is at ADDR. If one area is listed, all "
	  "areas that are mapped by address must be listed; auto finds those that are not listed, "
	  "in the mappings of the old owner and PID",
	  0 },
	{ "adopt", OPTION_ADOPT, NULL, 0,
	  "Also move areas of dead and stale owners that are mapped by address, if PID has exactly "
	  "the pages that are pinned",
	  0 },
	{ "force", OPTION_FORCE, "REASON[=NAME]", 0,
	  "Do not refuse for this reason: would-reset or unknown-holder, which may name a DEVICE; "
	  "untrusted-holder or unread, which may name a PID; unseen; taken-back. May be given "
	  "several times",
	  0 },
	{ "raise-limit", OPTION_RAISE_LIMIT, NULL, 0,
	  "If only PID's RLIMIT_MEMLOCK prevents the transfer, raise it by what is missing", 0 },
	{ "timeout", OPTION_TIMEOUT, "SEC", 0,
	  "How long to wait for what is locked or in flux (10); 0 tries once", 0 },
	{ "dry-run", OPTION_DRY_RUN, NULL, 0, "Check everything and change nothing", 0 },
	{ "json", 'J', NULL, 0, "Write JSON, on success and on failure", 0 },
	{ "verbose", 'v', NULL, 0, "Explain what --remap auto finds", 0 },
	{ "quiet", 'q', NULL, 0, "Write nothing on success", 0 },
	{ 0 }
};

static void add_context(struct transfer_request *request, const char *text,
			struct argp_state *state)
{
	struct context_name name;

	if (!context_parse(text, &name))
		usage_error(state, "context '%s': give " CONTEXT_NAMES, text);
	if (request->nr_contexts == DMAOWN_TRANSFER_MAX_FILES)
		usage_error(state, "more than %d contexts", DMAOWN_TRANSFER_MAX_FILES);
	request->contexts[request->nr_contexts++] = text;
}

static void add_remaps(struct transfer_request *request, const char *text, struct argp_state *state)
{
	const char *bad;

	if (!strcmp(text, "auto")) {
		request->remap_auto = true;
		return;
	}
	if (!remap_parse(&request->remaps, text, &bad))
		usage_error(state,
			    "--remap '%s': not auto, IOAS:IOVA=ADDR or "
			    "CONTEXT/IOAS:IOVA=ADDR",
			    bad);
	if (request->remaps.nr > DMAOWN_TRANSFER_MAX_REMAPS)
		usage_error(state, "more than %d entries of --remap", DMAOWN_TRANSFER_MAX_REMAPS);
}

static void add_force(struct transfer_request *request, const char *text, struct argp_state *state)
{
	char *wrong = force_add(&request->forces, text);

	if (wrong)
		usage_error(state, "--force '%s': %s", text, wrong);
}

static void check_options(const struct transfer_request *request, struct argp_state *state)
{
	if (!request->to_text)
		usage_error(state, "--to is missing: which process is to be the owner?");
	if (!request->to_name.pid)
		usage_error(state, "--to '%s': the new owner is named by PID or PID:INODE",
			    request->to_text);
}

static error_t parse_transfer(int key, char *arg, struct argp_state *state)
{
	struct transfer_request *request = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &request->choice;
		return 0;
	case OPTION_TO:
		request->to_text = arg;
		if (!process_parse(arg, &request->to_name))
			usage_error(state, "not a PID or PID:INODE: '%s'", arg);
		return 0;
	case OPTION_FROM:
		request->from_text = arg;
		if (!process_parse(arg, &request->from_name))
			usage_error(state, "not a PID, PID:INODE or owner ID: '%s'", arg);
		return 0;
	case OPTION_REMAP:
		add_remaps(request, arg, state);
		return 0;
	case OPTION_ADOPT:
		request->adopt = true;
		return 0;
	case OPTION_FORCE:
		add_force(request, arg, state);
		return 0;
	case OPTION_RAISE_LIMIT:
		request->raise_limit = true;
		return 0;
	case OPTION_TIMEOUT:
		request->timeout_ms = parse_timeout(arg, state);
		return 0;
	case OPTION_DRY_RUN:
		request->dry_run = true;
		return 0;
	case 'c':
		add_context(request, arg, state);
		return 0;
	case 'J':
		request->json = true;
		return 0;
	case 'q':
		request->quiet = true;
		return 0;
	case 'v':
		request->verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		usage_error(state, "unexpected argument '%s'", arg);
		return 0;
	case ARGP_KEY_END:
		check_options(request, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

#define REFUSALS                                                                                \
	"3 FROM owns nothing there; 10 no such process, or a dead or stale owner; 11 the new "  \
	"owner's limit; 12 not the same memory; 13 the remap list; 14 busy until the timeout; " \
	"15 the context is not held, or could not be kept; 77 not allowed; see dmaownctl(8)."

const struct argp transfer_argp = {
	.options = transfer_options,
	.parser = parse_transfer,
	.children = channel_children,
	.doc = "Make a process the owner of the areas in the contexts it holds, all or nothing.\v"
	       "Exit status: 0 moved, or nothing to do; " REFUSALS,
};

const struct argp check_argp = {
	.options = transfer_options,
	.parser = parse_transfer,
	.children = channel_children,
	.doc = "Report whether a transfer with the same options would succeed, and if not, every "
	       "reason that prevents it. Nothing is changed.\v"
	       "Exit status: 0 it would succeed, or nothing to do; " REFUSALS,
};

void request_init(struct transfer_request *request, const struct channel_choice *choice)
{
	*request = (struct transfer_request){
		.choice = *choice,
		.timeout_ms = DEFAULT_TIMEOUT_MS,
		.contexts = calloc(DMAOWN_TRANSFER_MAX_FILES, sizeof(*request->contexts)),
	};
	if (!request->contexts)
		err(EXIT_OTHER, "transfer");
}

void request_free(struct transfer_request *request)
{
	free(request->contexts);
	remap_free(&request->remaps);
	force_free(&request->forces);
}

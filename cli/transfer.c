// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl transfer */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "context.h"
#include "exits.h"
#include "options.h"
#include "transfer.h"

enum { OPTION_TO = 512, OPTION_FROM, OPTION_REMAP, OPTION_TIMEOUT, OPTION_DRY_RUN };

#define DEFAULT_TIMEOUT_MS	10000

static const struct argp_option transfer_options[] = {
	{ "to", OPTION_TO, "PID", 0, "The new owner: PID, or PID:INODE of its pidfd", 0 },
	{ "from", OPTION_FROM, "PID|OWNER", 0,
	  "Move only what this process owns; a dead one is named by its owner ID", 0 },
	{ "context", 'c', "CONTEXT", 0,
	  "Move what is in this context, and in others so named; by default in all that PID holds", 0 },
	{ "remap", OPTION_REMAP, "IOAS:IOVA=ADDR", 0,
	  "PID has the memory of the area that begins at this IOVA at this address; "
	  "given for one area, it must be given for all that are mapped by address", 0 },
	{ "timeout", OPTION_TIMEOUT, "SEC", 0,
	  "How long to wait for what is in flux (10); 0 tries once", 0 },
	{ "dry-run", OPTION_DRY_RUN, NULL, 0, "Check all of it and change nothing", 0 },
	{ "json", 'J', NULL, 0, "Write JSON, in success and in failure", 0 },
	{ "quiet", 'q', NULL, 0, "Write nothing when it succeeds", 0 },
	{ 0 }
};

static uint32_t parse_timeout(const char *text, struct argp_state *state)
{
	double seconds;
	char *end;

	seconds = strtod(text, &end);
	/* What is not a number fails the comparisons too. */
	if (end == text || *end || !(seconds >= 0) ||
	    !(seconds * 1000 <= DMAOWN_TRANSFER_MAX_TIMEOUT))
		usage_error(state, "not a timeout of 0 to %d seconds: '%s'",
			    DMAOWN_TRANSFER_MAX_TIMEOUT / 1000, text);
	/* A part of a millisecond counts as one. */
	return seconds * 1000 + 0.999;
}

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

	if (!remap_parse(&transfer->remaps, text, &bad))
		usage_error(state, "--remap '%s': not IOAS:IOVA=ADDR, nor CONTEXT/IOAS:IOVA=ADDR", bad);
	if (transfer->remaps.nr > DMAOWN_TRANSFER_MAX_REMAPS)
		usage_error(state, "more than %d entries of --remap", DMAOWN_TRANSFER_MAX_REMAPS);
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

static const struct argp transfer_argp = {
	.options = transfer_options,
	.parser = parse_transfer,
	.children = transfer_children,
	.doc = "Make a process the owner of the areas in the contexts it holds, all or nothing.\v"
	       "Exit status: 0 moved, or nothing to do; 3 FROM owns nothing there; 10 no such process, "
	       "or a dead or stale owner; 11 the new owner's limit; 12 not the same memory; 13 the remap list; "
	       "14 busy "
	       "until the timeout; 15 the context is not held; 77 not allowed; see dmaownctl(8).",
};

/* A failure that has been explained: what the JSON is to say. */
static int fail(struct transfer *transfer, int error, int status)
{
	transfer->error = error;
	transfer->status = status;
	return status;
}

/* A failure that the module was not asked about is reported in the way of those that it was. */
static int refuse(struct transfer *transfer, uint32_t reason, uint32_t pid)
{
	int error = reason_of(reason)->error;

	transfer->reports[0] = (struct dmaown_report){
		.reason = reason, .error = error, .process = pid,
	};
	transfer->call.nr_reports = 1;
	transfer->call.reports_total = 1;
	fail(transfer, error, exit_of_errno(error));
	transfer_print(transfer);
	return transfer->status;
}

static int open_device(struct transfer *transfer, int *device)
{
	*device = open(DMAOWN_DEVICE, O_RDWR | O_CLOEXEC);
	if (*device >= 0)
		return 0;
	switch (errno) {
	case EPERM:
	case EACCES:
		return fail(transfer, EPERM, not_allowed());
	case ENOENT:
	case ENXIO:
	case ENODEV:
		if (!module_loaded())
			return fail(transfer, ENODEV, module_missing());
		break;
	}
	fail(transfer, errno, EXIT_OTHER);
	warn("cannot open %s", DMAOWN_DEVICE);
	return EXIT_OTHER;
}

static int error_of_status(int status)
{
	switch (status) {
	case EXIT_NOT_ALLOWED:
		return EPERM;
	case EXIT_NOT_LOADED:
		return ENODEV;
	case EXIT_INTERRUPTED:
		return EINTR;
	default:
		return EIO;
	}
}

static int find_process(struct transfer *transfer, int device, const char *text,
			const struct process_name *name, struct process_ref *ref)
{
	int rc = process_find(device, &transfer->channel, text, name, ref);

	if (rc == -ESRCH)
		return refuse(transfer, DMAOWN_REASON_NO_PROCESS, name->pid);
	if (rc == -ENOENT)
		return refuse(transfer, DMAOWN_REASON_NOTHING, 0);
	return rc ? fail(transfer, error_of_status(rc), rc) : 0;
}

static int find_contexts(struct transfer *transfer)
{
	size_t i;
	int rc;

	transfer->files = calloc(transfer->nr_contexts + 1, sizeof(*transfer->files));
	if (!transfer->files)
		err(EXIT_OTHER, "contexts");
	for (i = 0; i < transfer->nr_contexts; i++) {
		rc = context_find_file(&transfer->channel, transfer->contexts[i],
				       &transfer->files[i]);
		if (rc)
			return fail(transfer, rc == EXIT_OTHER ? EBADF : error_of_status(rc), rc);
	}
	return 0;
}

static int find_all(struct transfer *transfer, int device)
{
	int rc = find_process(transfer, device, transfer->to_text, &transfer->to_name,
			      &transfer->to);

	if (!rc && transfer->from_text)
		rc = find_process(transfer, device, transfer->from_text, &transfer->from_name,
				  &transfer->from);
	return rc ?: find_contexts(transfer);
}

static void carry_out(struct transfer *transfer, int device)
{
	transfer->call = (struct dmaown_transfer){
		.size = sizeof(transfer->call),
		.flags = transfer->dry_run ? DMAOWN_TRANSFER_DRY_RUN : 0,
		.to = transfer->to.process,
		.from = transfer->from.process,
		.files = (uintptr_t)transfer->files,
		.nr_files = transfer->nr_contexts,
		.remaps = (uintptr_t)transfer->remaps.items,
		.nr_remaps = transfer->remaps.nr,
		.timeout_ms = transfer->timeout_ms,
	};
	if (!transfer->dry_run && (transfer->json || !transfer->quiet))
		transfer->undo = undo_command(transfer);
	transfer->error = transfer_call(device, transfer);
	transfer->status = exit_of_errno(transfer->error);
	if (transfer->error || !transfer->call.areas) {
		free(transfer->undo);
		transfer->undo = NULL;
	}
	if (transfer->error == EPERM)
		not_allowed();
	else
		transfer_print(transfer);
}

static void run(struct transfer *transfer)
{
	int device;
	int rc;

	if (open_device(transfer, &device))
		return;
	rc = channel_open(&transfer->channel, &transfer->choice);
	if (rc) {
		fail(transfer, error_of_status(rc), rc);
	} else {
		if (!find_all(transfer, device))
			carry_out(transfer, device);
		channel_close(&transfer->channel);
	}
	close(device);
}

int transfer_main(int argc, char **argv, const struct channel_choice *channel)
{
	struct transfer transfer = { .choice = *channel, .timeout_ms = DEFAULT_TIMEOUT_MS };

	transfer.contexts = calloc(DMAOWN_TRANSFER_MAX_FILES, sizeof(*transfer.contexts));
	transfer.reports = calloc(TRANSFER_REPORTS, sizeof(*transfer.reports));
	if (!transfer.contexts || !transfer.reports)
		err(EXIT_OTHER, "transfer");
	parse_command(&transfer_argp, argc, argv, &transfer);
	run(&transfer);
	if (transfer.json)
		transfer_print_json(&transfer);
	free(transfer.undo);
	free(transfer.files);
	free(transfer.reports);
	free(transfer.contexts);
	remap_free(&transfer.remaps);
	return transfer.status;
}

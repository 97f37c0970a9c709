// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl transfer, and check, which is its dry run */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "context.h"
#include "exits.h"
#include "interrupt.h"
#include "options.h"
#include "progress.h"
#include "transfer.h"

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

static int find_accepted(struct transfer *transfer, int device)
{
	int rc;

	transfer->accepted = calloc(transfer->forces.nr + 1, sizeof(*transfer->accepted));
	if (!transfer->accepted)
		err(EXIT_OTHER, "--force");
	rc = force_resolve(&transfer->forces, device, &transfer->channel, transfer->accepted,
			   &transfer->nr_accepted);
	return rc ? fail(transfer, error_of_status(rc), rc) : 0;
}

static int find_remaps(struct transfer *transfer)
{
	int error = transfer->remap_auto ? remap_auto(transfer) : 0;

	if (!error)
		return 0;
	fail(transfer, error, exit_of_errno(error));
	if (transfer->call.nr_reports)
		transfer_print(transfer);
	return transfer->status;
}

static int find_all(struct transfer *transfer, int device)
{
	int rc = find_process(transfer, device, transfer->to_text, &transfer->to_name,
			      &transfer->to);

	if (!rc && transfer->from_text)
		rc = find_process(transfer, device, transfer->from_text, &transfer->from_name,
				  &transfer->from);
	return rc ?: find_contexts(transfer) ?: find_accepted(transfer, device) ?:
	       find_remaps(transfer);
}

/*
 * The module gives up waiting when a signal comes, with nothing changed; what has begun to change
 * is finished. So a signal must not end us: the answer tells which it was.
 */
static int ask(struct transfer *transfer, int device)
{
	struct progress progress;
	int error;

	progress_begin(&progress, transfer, device);
	interrupt_catch();
	if (transfer->raise_limit)
		error = transfer_call_raising(device, transfer);
	else
		error = transfer_call(device, transfer,
				      transfer->dry_run ? DMAOWN_TRANSFER_DRY_RUN : 0);
	interrupt_release();
	progress_end(&progress);
	return error;
}

static void carry_out(struct transfer *transfer, int device)
{
	if (transfer->json || !transfer->quiet) {
		moves_find(transfer);
		if (!transfer->dry_run)
			find_undo(transfer);
	}
	transfer->error = ask(transfer, device);
	transfer->status = exit_of_errno(transfer->error);
	if (transfer->error || !transfer->call.areas) {
		free(transfer->undo);
		transfer->undo = NULL;
		transfer->no_undo = NULL;
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

#define DEFAULT_TIMEOUT_MS	10000

static int run_command(const struct argp *argp, int argc, char **argv, struct transfer *transfer)
{
	transfer->timeout_ms = DEFAULT_TIMEOUT_MS;
	transfer->contexts = calloc(DMAOWN_TRANSFER_MAX_FILES, sizeof(*transfer->contexts));
	transfer->reports = calloc(TRANSFER_REPORTS, sizeof(*transfer->reports));
	if (!transfer->contexts || !transfer->reports)
		err(EXIT_OTHER, "transfer");
	parse_command(argp, argc, argv, transfer);
	run(transfer);
	if (transfer->json)
		transfer_print_json(transfer);
	free(transfer->undo);
	free(transfer->accepted);
	free(transfer->files);
	free(transfer->reports);
	free(transfer->contexts);
	moves_free(&transfer->moves);
	force_free(&transfer->forces);
	remap_free(&transfer->remaps);
	return transfer->status;
}

int transfer_main(int argc, char **argv, const struct channel_choice *channel)
{
	struct transfer transfer = { .choice = *channel };

	return run_command(&transfer_argp, argc, argv, &transfer);
}

int check_main(int argc, char **argv, const struct channel_choice *channel)
{
	struct transfer transfer = { .choice = *channel, .dry_run = true };

	return run_command(&check_argp, argc, argv, &transfer);
}

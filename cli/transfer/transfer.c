// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl transfer, and check, which is its dry run */
#include <err.h>
#include <errno.h>
#include <unistd.h>

#include "call.h"
#include "channel/device.h"
#include "command.h"
#include "exit_status.h"
#include "find.h"
#include "host/interrupt.h"
#include "host/streams.h"
#include "options.h"
#include "print.h"
#include "print_json.h"
#include "progress.h"
#include "raise.h"
#include "remap_auto.h"

static int find_all(const struct transfer_request *request, struct transfer_scope *scope,
		    struct transfer_result *result)
{
	int rc = find_scope(scope, request, result);

	if (rc || !request->remap_auto || !remap_auto(request, scope, result))
		return rc;
	if (result->search_failed)
		result->explained = true; /* by remap_auto_print() */
	return result_fail(result, result->error);
}

/*
 * Call the module with signals caught: a signal must not end this process, because the answer says
 * what has changed. On a signal the module stops waiting and changes nothing; a change that has
 * begun is finished.
 */
static int call_caught(const struct transfer_request *request, const struct transfer_scope *scope,
		       struct transfer_result *result)
{
	uint32_t flags = request->dry_run ? DMAOWN_TRANSFER_DRY_RUN : 0;
	struct progress progress;
	int error;

	/* After a change the undo command must be printed, even if nobody reads standard output. */
	if (!request->dry_run)
		streams_survive();
	progress_begin(&progress, request, scope->device);
	interrupt_begin();
	if (request->raise_limit)
		error = transfer_call_raising(request, scope, result);
	else
		error = transfer_call(request, scope, flags, result);
	interrupt_end();
	progress_end(&progress);
	return error;
}

static void carry_out(const struct transfer_request *request, struct transfer_scope *scope,
		      struct transfer_result *result)
{
	if (request->json || !request->quiet) {
		preview_find(scope, &result->preview);
		if (!request->dry_run)
			undo_find(request, scope, &result->undo);
	}
	result_fail(result, call_caught(request, scope, result));
	if (result->error || !result->answer.areas)
		undo_free(&result->undo);
}

static void run_on_channel(const struct transfer_request *request, struct transfer_scope *scope,
			   struct transfer_result *result)
{
	int rc = channel_open(&scope->channel, &request->choice);

	if (rc) {
		result_fail_explained(result, rc, EIO);
		return;
	}
	rc = find_all(request, scope, result);
	remap_auto_print(result);
	if (!rc)
		carry_out(request, scope, result);
	channel_close(&scope->channel);
}

static void run(const struct transfer_request *request, struct transfer_scope *scope,
		struct transfer_result *result)
{
	int rc = device_open(&scope->device);

	if (rc) {
		result_fail_explained(result, rc, errno);
		return;
	}
	run_on_channel(request, scope, result);
	close(scope->device);
}

static void print(const struct transfer_request *request, const struct process_ref *to,
		  const struct transfer_result *result)
{
	if (!result->explained) {
		if (result->error == EPERM)
			not_allowed();
		else
			transfer_print(request, to, result);
	}
	if (request->json)
		transfer_print_json(request, to, result);
	if (streams_flush())
		transfer_print_lost(request, to, result);
}

static int run_command(const struct argp *argp, int argc, char **argv,
		       struct transfer_request *request)
{
	struct transfer_scope scope = { 0 };
	struct transfer_result result;
	int status;

	if (result_init(&result))
		err(EXIT_OTHER, "transfer");
	parse_command(argp, argc, argv, request);
	run(request, &scope, &result);
	print(request, &scope.to, &result);
	status = result.status;
	result_free(&result);
	scope_free(&scope);
	request_free(request);
	return status;
}

int transfer_main(int argc, char **argv, const struct channel_choice *channel)
{
	struct transfer_request request;

	request_init(&request, channel);
	return run_command(&transfer_argp, argc, argv, &request);
}

int check_main(int argc, char **argv, const struct channel_choice *channel)
{
	struct transfer_request request;

	request_init(&request, channel);
	request.dry_run = true;
	return run_command(&check_argp, argc, argv, &request);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "call.h"
#include "raise.h"
#include "reason.h"

/* Are all reports about the limit, and none left out? */
static bool only_limits(const struct transfer_result *result)
{
	const struct dmaown_transfer *answer = &result->answer;
	uint32_t i;

	for (i = 0; i < answer->nr_reports; i++)
		if (!reason_is_limit(result->reports[i].reason))
			return false;
	return answer->nr_reports && answer->nr_reports == answer->reports_total;
}

/* Turn the answer of a dry run into the answer with the limit raised. */
static int pretend(struct transfer_result *result)
{
	if (limit_is_short(&result->limit))
		result->limit.state = LIMIT_WOULD_BE_RAISED;
	result_clear_reports(result);
	return 0;
}

/* Signals are caught, so that a limit that was raised in vain is always put back. */
static int raise_and_call(const struct transfer_request *request,
			  const struct transfer_scope *scope, struct transfer_result *result)
{
	struct limit *limit = &result->limit;
	int error;

	if (limit_is_short(limit))
		result->limit_error = limit_raise(limit);
	/* Call the module even if the limit could not be raised: it refuses with its reports. */
	error = transfer_call(request, scope, 0, result);
	if (limit->state == LIMIT_RAISED && (error || !result->answer.areas))
		limit_put_back(limit);
	return error;
}

static int call_with_room(const struct transfer_request *request,
			  const struct transfer_scope *scope, struct transfer_result *result)
{
	int error;

	result->limit_error =
		limit_open(&result->limit, scope->device, &scope->to, result_needed(result));
	if (result->limit_error)
		return ENOMEM;
	error = request->dry_run ? pretend(result) : raise_and_call(request, scope, result);
	limit_close(&result->limit);
	return error;
}

int transfer_call_raising(const struct transfer_request *request,
			  const struct transfer_scope *scope, struct transfer_result *result)
{
	int error = transfer_call(request, scope, DMAOWN_TRANSFER_DRY_RUN, result);

	if (error == ENOMEM && only_limits(result))
		return call_with_room(request, scope, result);
	if (error || request->dry_run)
		return error;
	return transfer_call(request, scope, 0, result);
}

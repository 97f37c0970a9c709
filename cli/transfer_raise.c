// SPDX-License-Identifier: GPL-2.0-only
/* A transfer for which the new owner's limit is raised, if that is all that stands in the way. */
#include <errno.h>

#include "transfer.h"

static bool limits_alone(const struct transfer *transfer)
{
	const struct dmaown_transfer *call = &transfer->call;
	uint32_t i;

	for (i = 0; i < call->nr_reports; i++)
		if (!is_limit(&transfer->reports[i]))
			return false;
	return call->nr_reports && call->nr_reports == call->reports_total;
}

static int pretend(struct transfer *transfer)
{
	if (limit_is_short(&transfer->limit))
		transfer->limit.state = LIMIT_WOULD_BE_RAISED;
	transfer->call.nr_reports = 0;
	transfer->call.reports_total = 0;
	return 0;
}

/* Signals are caught: whatever comes, the limit is not left raised for nothing. */
static int raise_and_call(int device, struct transfer *transfer)
{
	struct limit *limit = &transfer->limit;
	int error;

	if (limit_is_short(limit))
		transfer->limit_error = limit_raise(limit);
	/* Where it could not be raised, the answer is that without. */
	error = transfer_call(device, transfer, 0);
	if (limit->state == LIMIT_RAISED && (error || !transfer->call.areas))
		limit_put_back(limit);
	return error;
}

static int with_room(int device, struct transfer *transfer)
{
	int error;

	transfer->limit_error = limit_open(&transfer->limit, device, &transfer->to,
					   report_needed(transfer));
	if (transfer->limit_error)
		return ENOMEM;
	error = transfer->dry_run ? pretend(transfer) : raise_and_call(device, transfer);
	limit_close(&transfer->limit);
	return error;
}

int transfer_call_raising(int device, struct transfer *transfer)
{
	int error = transfer_call(device, transfer, DMAOWN_TRANSFER_DRY_RUN);

	if (error == ENOMEM && limits_alone(transfer))
		return with_room(device, transfer);
	if (error || transfer->dry_run)
		return error;
	return transfer_call(device, transfer, 0);
}

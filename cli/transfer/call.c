// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sys/ioctl.h>

#include "call.h"
#include "host/interrupt.h"

static void prepare(const struct transfer_request *request, const struct transfer_scope *scope,
		    uint32_t flags, struct transfer_result *result)
{
	result->answer = (struct dmaown_transfer){
		.size = sizeof(result->answer),
		.flags = flags | (request->adopt ? DMAOWN_TRANSFER_ADOPT : 0),
		.to = scope->to.process,
		.from = scope->from.process,
		.files = (uintptr_t)scope->files,
		.nr_files = scope->nr_files,
		.timeout_ms = request->timeout_ms,
		.reports = (uintptr_t)result->reports,
		.nr_reports = TRANSFER_REPORTS,
		.remaps = (uintptr_t)scope->remaps.items,
		.nr_remaps = scope->remaps.nr,
		.forces = (uintptr_t)scope->forces,
		.nr_forces = scope->nr_forces,
	};
}

int transfer_call(const struct transfer_request *request, const struct transfer_scope *scope,
		  uint32_t flags, struct transfer_result *result)
{
	struct dmaown_transfer *answer = &result->answer;
	int error;

	prepare(request, scope, flags, result);
	if (interrupted()) {
		answer->nr_reports = 0;
		return EINTR;
	}
	error = ioctl(scope->device, DMAOWN_IOC_TRANSFER, answer) ? errno : 0;
	/* If the module has not written the struct back, nr_reports is still the room. */
	if (!error || answer->nr_reports > answer->reports_total)
		answer->nr_reports = 0;
	return error;
}

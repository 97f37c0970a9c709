// SPDX-License-Identifier: GPL-2.0-only
/* Asking the module for a transfer. */
#include <errno.h>
#include <sys/ioctl.h>

#include "interrupt.h"
#include "transfer.h"

static void prepare(struct transfer *transfer, uint32_t flags)
{
	transfer->call = (struct dmaown_transfer){
		.size = sizeof(transfer->call),
		.flags = flags | (transfer->adopt ? DMAOWN_TRANSFER_ADOPT : 0),
		.to = transfer->to.process,
		.from = transfer->from.process,
		.files = (uintptr_t)transfer->files,
		.nr_files = transfer->nr_contexts,
		.timeout_ms = transfer->timeout_ms,
		.reports = (uintptr_t)transfer->reports,
		.nr_reports = TRANSFER_REPORTS,
		.remaps = (uintptr_t)transfer->remaps.items,
		.nr_remaps = transfer->remaps.nr,
		.forces = (uintptr_t)transfer->accepted,
		.nr_forces = transfer->nr_accepted,
	};
}

int transfer_call(int device, struct transfer *transfer, uint32_t flags)
{
	struct dmaown_transfer *call = &transfer->call;
	int error;

	prepare(transfer, flags);
	if (interrupted()) {
		call->nr_reports = 0;
		return EINTR;
	}
	error = ioctl(device, DMAOWN_IOC_TRANSFER, call) ? errno : 0;
	/* Unless it was written back, that is still the room there was. */
	if (!error || call->nr_reports > call->reports_total)
		call->nr_reports = 0;
	return error;
}

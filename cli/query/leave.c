// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "leave.h"

#define ROOM 4096

#define TIMEOUT_MS 1000 /* for what is locked */

int leave_ask(int device, const struct dmaown_process *process, struct leave_answer *answer)
{
	struct dmaown_leave leave = {
		.size = sizeof(leave),
		.process = *process,
		.timeout_ms = TIMEOUT_MS,
		.nr_reports = ROOM,
	};
	int error;

	*answer = (struct leave_answer){ .reports = calloc(ROOM, sizeof(*answer->reports)) };
	if (!answer->reports)
		return ENOMEM;
	leave.reports = (uintptr_t)answer->reports;
	error = ioctl(device, DMAOWN_IOC_LEAVE, &leave) ? errno : 0;
	if (!error || error == EXDEV || error == EBUSY) {
		answer->nr = leave.nr_reports;
		answer->total = leave.reports_total;
	}
	return error;
}

void leave_free(struct leave_answer *answer)
{
	free(answer->reports);
}

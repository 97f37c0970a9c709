/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_TRANSFER_LEAVE_H
#define DMAOWN_TRANSFER_LEAVE_H

#include "report.h"
#include "uapi/dmaown.h"

/*
 * Find out what is lost if a process exits now, as documented for DMAOWN_IOC_LEAVE. arg has been
 * checked. Writes the results to arg, except those on the reports. May sleep, and holds no lock of
 * a context while it waits.
 */
int dmaown_leave_run(struct dmaown_leave *arg, struct reports *reports);

#endif

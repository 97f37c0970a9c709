/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_TRANSFER_TRANSFER_H
#define DMAOWN_TRANSFER_TRANSFER_H

#include "force.h"
#include "remap.h"
#include "report.h"
#include "uapi/dmaown.h"

/*
 * Make a process the owner, as documented for DMAOWN_IOC_TRANSFER. arg has been checked. files has
 * arg->nr_files contexts; start times are added to them. Writes the results to arg, except those on
 * the reports. May sleep, and holds nothing of a context while it waits.
 */
int dmaown_transfer_run(struct dmaown_transfer *arg, struct dmaown_file *files,
			struct remaps *remaps, const struct forces *forces,
			struct reports *reports);

#endif

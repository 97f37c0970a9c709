/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_TRANSFER_H
#define DMAOWN_TRANSFER_H

#include "force.h"
#include "remap.h"
#include "report.h"
#include "uapi/dmaown.h"

struct record_status;

/*
 * Makes a process the owner, as DMAOWN_IOC_TRANSFER says. arg has been checked; files are the
 * contexts (arg->nr_files of them), to which start times are added. Writes the results to arg, but
 * for what belongs to the reports. May sleep; holds nothing of any context while it waits.
 */
int transfer(struct dmaown_transfer *arg, struct dmaown_file *files, struct remaps *remaps,
	     const struct forces *forces, struct reports *reports);

/* The counters. */
void transfer_status(struct record_status *rec);

#endif

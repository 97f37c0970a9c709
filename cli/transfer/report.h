/* SPDX-License-Identifier: GPL-2.0-only */
/* The module's reports in words. */
#ifndef DMAOWN_CLI_TRANSFER_REPORT_H
#define DMAOWN_CLI_TRANSFER_REPORT_H

#include "request.h"
#include "result.h"

/*
 * Put a report into one line: the place, the reason, and the figures that belong to it.
 * Return: the text, which the caller frees; or NULL without memory.
 */
char *report_format(const struct dmaown_report *report, const struct transfer_request *request,
		    const struct transfer_result *result);

#endif

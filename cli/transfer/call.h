/* SPDX-License-Identifier: GPL-2.0-only */
/* The transfer ioctl. */
#ifndef DMAOWN_CLI_TRANSFER_CALL_H
#define DMAOWN_CLI_TRANSFER_CALL_H

#include "request.h"
#include "result.h"
#include "scope.h"

/*
 * Call DMAOWN_IOC_TRANSFER and fill answer and reports of the result. A signal interrupts the call
 * if the caller catches signals (host/interrupt.h).
 * @flags: DMAOWN_TRANSFER_*, in addition to those of the request's options
 * Return: the errno of the ioctl; EINTR if a signal came.
 */
int transfer_call(const struct transfer_request *request, const struct transfer_scope *scope,
		  uint32_t flags, struct transfer_result *result);

#endif

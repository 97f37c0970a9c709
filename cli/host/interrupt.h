/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hold off the signals that would end this process while it has something to finish. Such a signal
 * is recorded instead, and system calls that wait return EINTR.
 */
#ifndef DMAOWN_CLI_HOST_INTERRUPT_H
#define DMAOWN_CLI_HOST_INTERRUPT_H

#include <stdbool.h>

/* Write nothing between the two: SIGPIPE is not held off. */
void interrupt_begin(void);
void interrupt_end(void);

/* Has a signal arrived since interrupt_begin()? False after interrupt_end(). */
bool interrupted(void);

#endif

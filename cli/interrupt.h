/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signals that would end us, while something is under way that has to be brought to an end: they
 * are noted instead, and end what waits.
 */
#ifndef DMAOWN_CLI_INTERRUPT_H
#define DMAOWN_CLI_INTERRUPT_H

#include <stdbool.h>

/* What stands between the two writes nothing: a reader that has gone would be a signal as well. */
void interrupt_catch(void);
void interrupt_release(void);

/* Has one come since the last interrupt_catch()? */
bool interrupted(void);

#endif

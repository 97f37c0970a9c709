/* SPDX-License-Identifier: GPL-2.0-only */
/* hold: run the command, and wait for it, for a signal or for an exec. */
#ifndef DMAOWN_CLI_HOLD_WAIT_H
#define DMAOWN_CLI_HOLD_WAIT_H

#include "state.h"

/*
 * Run the command, wait until it is time to hand back, and hand back. This process exits only after
 * it has handed back everything, or when it owns nothing any longer.
 * Return: the exit status.
 */
int hold_wait(struct hold *hold);

#endif

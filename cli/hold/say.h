/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_CLI_HOLD_SAY_H
#define DMAOWN_CLI_HOLD_SAY_H

#include "state.h"

/*
 * Write a line to standard output, except with --quiet; to standard error if standard output is
 * lost. A lost line is not an error: this process continues to hold.
 */
void hold_say(const struct hold *hold, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_CLI_HOLD_TAKE_H
#define DMAOWN_CLI_HOLD_TAKE_H

#include "state.h"

/*
 * Become the owner of all that the process owns: take the descriptors of its contexts, map its
 * memory, and be charged in its place.
 * Return: 0; or an exit status after a message, with no owner changed.
 */
int hold_take(struct hold *hold);

#endif

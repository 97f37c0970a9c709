/* SPDX-License-Identifier: GPL-2.0-only */
/* Does a device use other pages than the owner has? */
#ifndef DMAOWN_CLI_HEALTH_MEMORY_H
#define DMAOWN_CLI_HEALTH_MEMORY_H

#include "health.h"

/*
 * Compare the pages that are pinned with what their live owners have. Add FOUND_DETACHED for each
 * range that differs, and FOUND_UNKNOWN for each that could not be compared.
 * @health: after health_look()
 * Return: 0, or an exit status after a message.
 */
int memory_check(struct health *health);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that could not be inspected, and devices whose holders are unknown. */
#ifndef DMAOWN_CLI_HEALTH_UNKNOWN_H
#define DMAOWN_CLI_HEALTH_UNKNOWN_H

#include "channel/channel.h"
#include "finding.h"

/*
 * Add FOUND_UNKNOWN for each file that could not be inspected, for each device with an open file
 * that no process has as a descriptor, and for a VFIO that the module was not built for.
 * Return: 0, or an exit status after a message.
 */
int findings_add_unknown(struct finding_list *list, struct channel *channel,
			 const struct record_list *holders);

#endif

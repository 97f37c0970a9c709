/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that could not be inspected, and devices whose holders are unknown. */
#ifndef DMAOWN_CLI_HEALTH_UNKNOWN_H
#define DMAOWN_CLI_HEALTH_UNKNOWN_H

#include "channel/channel.h"
#include "finding.h"

/*
 * Add FOUND_UNKNOWN for each file that could not be inspected, for each process whose files could
 * not be read to the end, for each device with open files that no process has, for each device that
 * could not be inspected, and for a VFIO that the module was not built for.
 * @holders: all of them
 * Return: 0, or an exit status after a message.
 */
int findings_add_unknown(struct finding_list *list, struct channel *channel,
			 const struct record_list *holders);

/* Add FOUND_UNKNOWN for a record of an unknown holder, or of one that is busy or unseen. */
void findings_add_holder(struct finding_list *list, const union record *record);

/*
 * Add FOUND_UNKNOWN for reports of DMAOWN_IOC_LEAVE about something that is locked or not known,
 * unless such a finding is there already. Other reports are ignored.
 */
void findings_add_reports(struct finding_list *list, const struct dmaown_report *reports,
			  size_t nr);

/* Has the device open files that no process has, or can that not be known? */
bool device_is_unknown(const struct device_record *device);

/* Add FOUND_UNKNOWN for such a device. */
void findings_add_device(struct finding_list *list, const union record *record);

/*
 * Add FOUND_UNKNOWN for a VFIO that the module was not built for.
 * Return: 0, or an exit status after a message.
 */
int findings_add_vfio(struct finding_list *list, struct channel *channel);

/*
 * Wait before records are listed again in which a holder is unknown.
 * @looks: number of listings; 0 at first
 * Return: false if they were listed often enough.
 */
bool unknown_look_again(int *looks);

#endif

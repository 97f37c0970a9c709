/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_NETLINK_H
#define DMAOWN_NETLINK_H

struct record_event;

int netlink_init(void);
void netlink_exit(void);

/* Tells listeners in the initial network namespace, if there are any. Sets sequence and time. */
void netlink_event(struct record_event *event);

#endif

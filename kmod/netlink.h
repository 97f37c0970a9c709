/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_NETLINK_H
#define DMAOWN_NETLINK_H

struct event_record;

int dmaown_netlink_init(void);
void dmaown_netlink_exit(void);

/*
 * Send an event to listeners in the initial network namespace, if there are any. Sets its sequence
 * and time.
 */
void dmaown_netlink_event(struct event_record *event);

#endif

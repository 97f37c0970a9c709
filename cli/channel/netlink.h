/* SPDX-License-Identifier: GPL-2.0-only */
/* Records over generic netlink. */
#ifndef DMAOWN_CLI_CHANNEL_NETLINK_H
#define DMAOWN_CLI_CHANNEL_NETLINK_H

#include "ops.h"

extern const struct channel_ops netlink_channel;

struct nlattr;

/* Parse the attributes of one message. Return: 0, or -EBADMSG if a value does not fit its type. */
int netlink_parse_attributes(enum record_kind kind, struct nlattr *head, int length,
			     union record *record);

#endif

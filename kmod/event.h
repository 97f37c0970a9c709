/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_EVENT_H
#define DMAOWN_EVENT_H

#include "record.h"

/* Send an event to netlink listeners and to the tracepoint. May sleep. */
void dmaown_event_send(struct event_record *event);

#endif

// SPDX-License-Identifier: GPL-2.0-only
#include "event.h"
#include "netlink.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

void dmaown_event_send(struct event_record *event)
{
	trace_dmaown_event(event);
	dmaown_netlink_event(event);
}

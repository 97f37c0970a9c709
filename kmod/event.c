// SPDX-License-Identifier: GPL-2.0-only
#include "event.h"
#include "netlink.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

void event_send(struct record_event *event)
{
	trace_dmaown_event(event);
	netlink_event(event);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_EVENT_H
#define DMAOWN_EVENT_H

#include "record.h"

/* Tells whoever listens, by netlink and by tracepoint. May sleep. */
void event_send(struct record_event *event);

#endif

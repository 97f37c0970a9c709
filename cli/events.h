/* SPDX-License-Identifier: GPL-2.0-only */
/* Events as they come, over netlink, as long as one likes: with the module coming and going. */
#ifndef DMAOWN_CLI_EVENTS_H
#define DMAOWN_CLI_EVENTS_H

#include "records.h"

enum news {
	NEWS_SUBSCRIBED,	/* from now on events come: at first, and when the module is back */
	NEWS_UNLOADED,		/* there are none any more */
	NEWS_EVENT,		/* and only this has a record */
	NEWS_OVERRUN,		/* more came than there was room for: some are missing */
};

/* Anything but 0 ends the waiting. */
typedef int (*news_fn)(enum news news, const union record *record, void *data);

struct nl_sock;

struct events {
	struct nl_sock *sk;
	int family;		/* of the module; 0: it is not loaded */
	news_fn fn;
	void *data;
	int result;		/* of fn */
};

/* -ENOENT: there is no such family; or another -errno. */
int events_open(struct events *events, news_fn fn, void *data);

/* To be waited on: when it can be read from there is news. */
int events_fd(const struct events *events);

/* Tell what news there is, without waiting for any. 0; what fn returned; -errno. */
int events_read(struct events *events);
void events_close(struct events *events);

#endif

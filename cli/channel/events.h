/* SPDX-License-Identifier: GPL-2.0-only */
/* Events over netlink, while the module is loaded and unloaded any number of times. */
#ifndef DMAOWN_CLI_CHANNEL_EVENTS_H
#define DMAOWN_CLI_CHANNEL_EVENTS_H

#include "records.h"

enum news {
	NEWS_SUBSCRIBED, /* events arrive from now on; also sent after a reload */
	NEWS_UNLOADED,	 /* events no longer arrive */
	NEWS_EVENT,	 /* the only one that has a record */
	NEWS_OVERRUN,	 /* the receive buffer overflowed: events are missing */
};

/* Called for each piece of news. Any return value except 0 ends events_read(). */
typedef int (*news_fn)(enum news news, const union record *record, void *data);

struct nl_sock;

struct events {
	struct nl_sock *sk;
	int family; /* number of the module's family; 0: not loaded */
	news_fn fn;
	void *data;
	int result; /* returned by fn */
};

/* Return: 0, -ENOENT if the family does not exist, or another -errno. */
int events_open(struct events *events, news_fn fn, void *data);

/* Return: a descriptor that is readable when there is news. */
int events_fd(const struct events *events);

/* Call fn for the news there is, without waiting. Return: 0, what fn returned, or -errno. */
int events_read(struct events *events);
void events_close(struct events *events);

#endif

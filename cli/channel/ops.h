/* SPDX-License-Identifier: GPL-2.0-only */
/* The interface that netlink and debugfs implement. */
#ifndef DMAOWN_CLI_CHANNEL_OPS_H
#define DMAOWN_CLI_CHANNEL_OPS_H

#include "records.h"

struct channel;

/* Called for each record. Any return value except 0 ends the listing. */
typedef int (*record_fn)(const union record *record, void *data);

struct channel_ops {
	const char *name;
	/* Return: 0, -ENOENT if the channel does not exist, -EPERM or -EACCES if not allowed. */
	int (*open)(struct channel *channel);
	void (*close)(struct channel *channel);
	int (*each)(struct channel *channel, enum record_kind kind, uint64_t context, record_fn fn,
		    void *data);
	/* Explain an error of open, and say what to do about it. */
	const char *(*why)(int error);
};

struct channel {
	const struct channel_ops *ops;
	const char *directory; /* debugfs: the module's directory, or NULL to look for it */
	int family;	       /* netlink: number of the family */
	int fd;		       /* debugfs: descriptor of the directory */
	bool explained;	       /* ops has reported the last error already */
};

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Where records come from: netlink, or debugfs; one interface to both. */
#ifndef DMAOWN_CLI_CHANNEL_H
#define DMAOWN_CLI_CHANNEL_H

#include "records.h"

struct channel;

/* Called for each record; anything but 0 ends the listing. */
typedef int (*record_fn)(const union record *record, void *data);

struct channel_ops {
	const char *name;
	/* -ENOENT: not there; -EPERM or -EACCES: not allowed */
	int (*open)(struct channel *channel);
	void (*close)(struct channel *channel);
	int (*each)(struct channel *channel, enum record_kind kind, uint64_t context,
		    record_fn fn, void *data);
	/* what an error of open means here, and what to do about it */
	const char *(*why)(int error);
};

extern const struct channel_ops netlink_channel;
extern const struct channel_ops debugfs_channel;

struct channel_choice {
	const char *name;	/* of the channel; NULL: netlink, else debugfs */
	const char *directory;	/* the module's in debugfs; NULL: look for it */
};

struct channel {
	const struct channel_ops *ops;
	const char *directory;
	int family;		/* netlink: number of the family */
	int fd;			/* debugfs: the directory */
	bool explained;		/* the error has been reported where more was known about it */
};

bool channel_exists(const char *name);

/*
 * Open a channel by a given implementation: 0 or -errno. Or the one that is wanted and to be had,
 * with a message when there is none: 0 or an exit status.
 */
int channel_open_with(struct channel *channel, const struct channel_ops *ops,
		      const struct channel_choice *choice);
int channel_open(struct channel *channel, const struct channel_choice *choice);
void channel_close(struct channel *channel);

/*
 * Call fn for each record of a kind, of one context or (0) of all. Returns 0, or what fn returned
 * to end it; -EAGAIN after the last record when something came or went meanwhile, so that records
 * may be missing or doubled; -errno.
 */
int channel_each(struct channel *channel, enum record_kind kind, uint64_t context,
		 record_fn fn, void *data);

/* The same into a list, trying again when something came or went. */
int channel_collect(struct channel *channel, enum record_kind kind, uint64_t context,
		    struct record_list *list);

/* channel_each(), and again when something came or went and fn has not ended it. */
int channel_search(struct channel *channel, enum record_kind kind, uint64_t context,
		   record_fn fn, void *data);

/* How often to try again. */
#define CHANNEL_TRIES	5

/* Say that a listing failed; the exit status to end with. */
int channel_failed(const struct channel *channel, enum record_kind kind, int error);

/*
 * Is the module loaded, as far as can be seen? And a sentence for when it is not; EXIT_NOT_LOADED.
 */
bool module_loaded(void);
int module_missing(void);
int not_allowed(void);

/* Parse one line of debugfs text. -EBADMSG: it is none. *bad is then what could not be read. */
int debugfs_parse_line(enum record_kind kind, char *line, union record *record, const char **bad);

struct nlattr;

/* Parse the attributes of one message. -EBADMSG: a value does not fit its type. */
int netlink_parse_attributes(enum record_kind kind, struct nlattr *head, int length,
			     union record *record);

#endif

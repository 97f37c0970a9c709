/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of the module, over netlink or from debugfs. */
#ifndef DMAOWN_CLI_CHANNEL_CHANNEL_H
#define DMAOWN_CLI_CHANNEL_CHANNEL_H

#include "ops.h"

struct channel_choice {
	const char *name;      /* of the channel; NULL: netlink, else debugfs */
	const char *directory; /* the module's in debugfs; NULL: look for it */
};

bool channel_exists(const char *name);

/* Open a channel by this implementation. Return: 0 or -errno. */
int channel_open_with(struct channel *channel, const struct channel_ops *ops,
		      const struct channel_choice *choice);

/*
 * Open the chosen channel, or the first one that is available.
 * Return: 0, or an exit status after a message.
 */
int channel_open(struct channel *channel, const struct channel_choice *choice);
void channel_close(struct channel *channel);

/*
 * Open a channel, call run, and close the channel.
 * Return: an exit status: of run, or after a message.
 */
int channel_run(const struct channel_choice *choice,
		int (*run)(struct channel *channel, void *data), void *data);

/*
 * Call fn for each record of a kind.
 * @context: ID of the only context to list, or 0 for all
 * Return: 0; what fn returned to end the listing; -EAGAIN, after the last record, if objects
 * appeared or disappeared meanwhile, so that records may be missing or doubled; or -errno.
 */
int channel_each(struct channel *channel, enum record_kind kind, uint64_t context, record_fn fn,
		 void *data);

/*
 * Forget the records seen so far, before they are listed again.
 * Return: false if it is too late for that.
 */
typedef bool (*restart_fn)(void *data);

/*
 * Call channel_each() again while it returns -EAGAIN, at most CHANNEL_TRIES times in all.
 * @restart: called before each listing except the first; NULL: fn may see a record again
 * Return: as channel_each().
 */
int channel_retry(struct channel *channel, enum record_kind kind, uint64_t context, record_fn fn,
		  restart_fn restart, void *data);

#define CHANNEL_TRIES 5

/*
 * Read the records into a list, with retries. Under constant change the list may lack a newcomer.
 * If the records have a context, the list is prepared for record_list_range().
 * Return: 0 or -errno.
 */
int channel_collect(struct channel *channel, enum record_kind kind, uint64_t context,
		    struct record_list *list);

/* A list, and the kind of records to read into it. */
struct channel_part {
	enum record_kind kind;
	struct record_list *list;
};

/* Read several lists, in this order. Return: 0, or an exit status after a message. */
int channel_collect_parts(struct channel *channel, uint64_t context,
			  const struct channel_part *parts, size_t nr);

/*
 * Call fn for each record, with retries until fn ends the search. fn may see a record again.
 * Return: 0, what fn returned, or -errno.
 */
int channel_search(struct channel *channel, enum record_kind kind, uint64_t context, record_fn fn,
		   void *data);

/* Read the only record of a kind, such as RECORD_STATUS. Return: 0 or -errno. */
int channel_read(struct channel *channel, enum record_kind kind, union record *record);

/* Report that a listing failed. Return: the exit status. */
int channel_failed(const struct channel *channel, enum record_kind kind, int error);

/* Does the error (-errno) mean that the user lacks privileges? */
bool is_denied(int error);

/* Is the module loaded, as far as this user can see? */
bool module_loaded(void);

/* Report that the module is not loaded. Return: EXIT_NOT_LOADED. */
int module_missing(void);

/* Report NOT_ALLOWED. Return: EXIT_NOT_ALLOWED. */
int not_allowed(void);

#define NOT_ALLOWED                                                                               \
	"not allowed: run it as root, with CAP_SYS_ADMIN and CAP_SYS_PTRACE in the initial user " \
	"namespace"

#endif

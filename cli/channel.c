// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "exits.h"

static const struct channel_ops *const channels[] = { &netlink_channel, &debugfs_channel };

#define NR_CHANNELS	(sizeof(channels) / sizeof(channels[0]))

bool channel_exists(const char *name)
{
	size_t i;

	for (i = 0; i < NR_CHANNELS; i++)
		if (!strcmp(channels[i]->name, name))
			return true;
	return false;
}

bool module_loaded(void)
{
	return !access("/sys/module/" DMAOWN_GENL_NAME, F_OK) || !access(DMAOWN_DEVICE, F_OK);
}

int module_missing(void)
{
	warnx("the kernel module is not loaded; load it with: modprobe dmaown");
	return EXIT_NOT_LOADED;
}

int not_allowed(void)
{
	warnx("not allowed: run it as root, with CAP_SYS_ADMIN and CAP_SYS_PTRACE in the initial user namespace");
	return EXIT_NOT_ALLOWED;
}

static bool is_denied(int error)
{
	return error == -EPERM || error == -EACCES;
}

int channel_open_with(struct channel *channel, const struct channel_ops *ops,
		      const struct channel_choice *choice)
{
	*channel = (struct channel){ .ops = ops, .directory = choice->directory, .fd = -1 };
	return ops->open(channel);
}

int channel_open(struct channel *channel, const struct channel_choice *choice)
{
	int errors[NR_CHANNELS] = { 0 };
	bool denied = false;
	size_t i;

	for (i = 0; i < NR_CHANNELS; i++) {
		if (choice->name && strcmp(choice->name, channels[i]->name))
			continue;
		errors[i] = channel_open_with(channel, channels[i], choice);
		if (!errors[i])
			return 0;
		denied = denied || is_denied(errors[i]);
	}
	if (!module_loaded())
		return module_missing();
	if (denied)
		return not_allowed();
	for (i = 0; i < NR_CHANNELS; i++)
		if (errors[i])
			warnx("%s: %s", channels[i]->name, channels[i]->why(errors[i]));
	return EXIT_OTHER;
}

void channel_close(struct channel *channel)
{
	channel->ops->close(channel);
}

int channel_each(struct channel *channel, enum record_kind kind, uint64_t context,
		 record_fn fn, void *data)
{
	return channel->ops->each(channel, kind, context, fn, data);
}

static int collect_one(const union record *record, void *data)
{
	return record_list_add(data, record);
}

int channel_collect(struct channel *channel, enum record_kind kind, uint64_t context,
		    struct record_list *list)
{
	int tries = CHANNEL_TRIES;
	int rc;

	do {
		record_list_free(list);
		rc = channel_each(channel, kind, context, collect_one, list);
	} while (rc == -EAGAIN && --tries);
	/* Under constant change a list that may lack a newcomer is the best there is. */
	return rc == -EAGAIN ? 0 : rc;
}

int channel_search(struct channel *channel, enum record_kind kind, uint64_t context,
		   record_fn fn, void *data)
{
	int tries = CHANNEL_TRIES;
	int rc;

	do {
		rc = channel_each(channel, kind, context, fn, data);
	} while (rc == -EAGAIN && --tries);
	return rc == -EAGAIN ? 0 : rc;
}

int channel_failed(const struct channel *channel, enum record_kind kind, int error)
{
	if (is_denied(error))
		return not_allowed();
	if (!channel->explained)
		warnx("cannot read the %s over %s: %s", record_types[kind].listing,
		      channel->ops->name, strerror(-error));
	return error == -EINTR ? EXIT_INTERRUPTED : EXIT_OTHER;
}

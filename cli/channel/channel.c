// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "debugfs.h"
#include "exit_status.h"
#include "netlink.h"

static const struct channel_ops *const channels[] = { &netlink_channel, &debugfs_channel };

#define NR_CHANNELS (sizeof(channels) / sizeof(channels[0]))

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
	warnx("%s", NOT_ALLOWED);
	return EXIT_NOT_ALLOWED;
}

bool is_denied(int error)
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

int channel_run(const struct channel_choice *choice,
		int (*run)(struct channel *channel, void *data), void *data)
{
	struct channel channel;
	int rc = channel_open(&channel, choice);

	if (rc)
		return rc;
	rc = run(&channel, data);
	channel_close(&channel);
	return rc;
}

int channel_each(struct channel *channel, enum record_kind kind, uint64_t context, record_fn fn,
		 void *data)
{
	return channel->ops->each(channel, kind, context, fn, data);
}

int channel_retry(struct channel *channel, enum record_kind kind, uint64_t context, record_fn fn,
		  restart_fn restart, void *data)
{
	int tries = CHANNEL_TRIES;
	int rc;

	do {
		rc = channel_each(channel, kind, context, fn, data);
	} while (rc == -EAGAIN && --tries && (!restart || restart(data)));
	return rc;
}

static int collect_one(const union record *record, void *data)
{
	return record_list_add(data, record);
}

static bool forget_all(void *data)
{
	record_list_free(data);
	return true;
}

int channel_collect(struct channel *channel, enum record_kind kind, uint64_t context,
		    struct record_list *list)
{
	int rc;

	record_list_free(list);
	rc = channel_retry(channel, kind, context, collect_one, forget_all, list);
	if (rc && rc != -EAGAIN)
		return rc;
	return record_has_context(kind) ? record_list_sort(list) : 0;
}

int channel_collect_parts(struct channel *channel, uint64_t context,
			  const struct channel_part *parts, size_t nr)
{
	size_t i;
	int rc;

	for (i = 0; i < nr; i++) {
		rc = channel_collect(channel, parts[i].kind, context, parts[i].list);
		if (rc)
			return channel_failed(channel, parts[i].kind, rc);
	}
	return 0;
}

int channel_search(struct channel *channel, enum record_kind kind, uint64_t context, record_fn fn,
		   void *data)
{
	int rc = channel_retry(channel, kind, context, fn, NULL, data);

	return rc == -EAGAIN ? 0 : rc;
}

static int keep(const union record *record, void *data)
{
	*(union record *)data = *record;
	return 0;
}

int channel_read(struct channel *channel, enum record_kind kind, union record *record)
{
	return channel_each(channel, kind, 0, keep, record);
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

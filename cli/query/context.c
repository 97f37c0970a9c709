// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "context.h"
#include "exit_status.h"
#include "holding.h"
#include "host/number.h"
#include "id.h"

static bool parse_fd(const char *text, const char *slash, struct context_name *name)
{
	char number[16];
	uint64_t fd;

	if ((size_t)(slash - text) >= sizeof(number) || !number_parse(slash + 1, INT32_MAX, &fd))
		return false;
	memcpy(number, text, slash - text);
	number[slash - text] = '\0';
	name->by = CONTEXT_BY_FD;
	name->pid = pid_parse(number);
	name->fd = fd;
	return name->pid;
}

/* 01:00.0 is short for 0000:01:00.0 */
static bool lacks_domain(const char *text)
{
	const char *colon = strchr(text, ':');

	return colon && !strchr(colon + 1, ':') && strchr(colon, '.');
}

bool context_parse(const char *text, struct context_name *name)
{
	const char *slash = strchr(text, '/');
	int length;

	*name = (struct context_name){ 0 };
	if (!strncmp(text, "0x", 2)) {
		name->by = CONTEXT_BY_ID;
		return id_parse(text, &name->id, &name->digits);
	}
	if (slash)
		return parse_fd(text, slash, name);
	if (*text && !text[strspn(text, "0123456789")]) {
		name->by = CONTEXT_BY_PID;
		name->pid = pid_parse(text);
		return name->pid;
	}
	name->by = CONTEXT_BY_DEVICE;
	length = snprintf(name->device, sizeof(name->device), "%s%s",
			  lacks_domain(text) ? "0000:" : "", text);
	return *text && length < (int)sizeof(name->device);
}

bool context_id_matches(const struct context_name *name, uint64_t id)
{
	return id_matches(name->id, name->digits, id);
}

/* A search for a context. */
struct search {
	const struct context_name *name;
	struct record_list found; /* holders, devices or contexts, each context once */
};

static bool matches(const struct context_name *name, const union record *record)
{
	switch (name->by) {
	case CONTEXT_BY_ID:
		return context_id_matches(name, record->context.context);
	case CONTEXT_BY_FD:
		return holder_has_pid(&record->holder, name->pid) &&
		       known(&record->holder, HOLDER, FD) && record->holder.fd == name->fd;
	case CONTEXT_BY_PID:
		return holder_has_pid(&record->holder, name->pid);
	case CONTEXT_BY_DEVICE:
		return !strcmp(record->device.device, name->device);
	}
	return false;
}

static int search_one(const union record *record, void *data)
{
	struct search *search = data;

	/* A holder whose device is locked lacks the context. */
	if (!known(&record->context, CONTEXT, CONTEXT) || !matches(search->name, record))
		return 0;
	if (record_list_has_context(&search->found, record->context.context))
		return 0;
	/* A full ID is never ambiguous. */
	if (search->name->by == CONTEXT_BY_ID && record->context.context == search->name->id) {
		search->found.nr = 0;
		return record_list_add(&search->found, record) ?: 1;
	}
	return record_list_add(&search->found, record);
}

static int search_failed(const struct search *search, const char *text)
{
	static const char *const missing[] = {
		[CONTEXT_BY_ID] = "no context has this ID",
		[CONTEXT_BY_FD] = "no such descriptor of a context, or of a device bound to one",
		[CONTEXT_BY_PID] = "this process holds no context",
		[CONTEXT_BY_DEVICE] = "no device of this name is bound to a context",
	};
	size_t i;

	if (!search->found.nr) {
		warnx("context %s: %s; see: dmaownctl list", text, missing[search->name->by]);
		return EXIT_OTHER;
	}
	warnx("context %s: this may be any of %zu; name one of them by its ID:", text,
	      search->found.nr);
	for (i = 0; i < search->found.nr; i++)
		warnx("  0x%" PRIx64, search->found.items[i].context.context);
	return EXIT_OTHER;
}

static int find_record(struct channel *channel, const char *text, const struct context_name *name,
		       union record *record)
{
	static const enum record_kind kinds[] = {
		[CONTEXT_BY_ID] = RECORD_CONTEXT,
		[CONTEXT_BY_FD] = RECORD_HOLDER,
		[CONTEXT_BY_PID] = RECORD_HOLDER,
		[CONTEXT_BY_DEVICE] = RECORD_DEVICE,
	};
	struct search search = { .name = name };
	int rc;

	rc = channel_search(channel, kinds[name->by], 0, search_one, &search);
	if (rc < 0) {
		rc = channel_failed(channel, kinds[name->by], rc);
	} else if (search.found.nr == 1) {
		*record = search.found.items[0];
		rc = 0;
	} else {
		rc = search_failed(&search, text);
	}
	record_list_free(&search.found);
	return rc;
}

static int parse_and_find(struct channel *channel, const char *text, struct context_name *name,
			  union record *record)
{
	if (!context_parse(text, name)) {
		warnx("context '%s': give its ID (0x...), PID/FD or PID of a holder, "
		      "or the name of a device in it",
		      text);
		return EXIT_USAGE;
	}
	return find_record(channel, text, name, record);
}

int context_find(struct channel *channel, const char *text, uint64_t *id)
{
	struct context_name name;
	union record record;
	int rc = parse_and_find(channel, text, &name, &record);

	if (!rc)
		*id = record.context.context;
	return rc;
}

/* Keep the best of the holders. End the search at a file of the context itself. */
static int choose_holder(const union record *record, void *data)
{
	struct holder_record *best = data;

	if (!known(&record->holder, HOLDER, PID) || !known(&record->holder, HOLDER, FD))
		return 0;
	if (!best->known || record->holder.via == DMAOWN_VIA_CONTEXT)
		*best = record->holder;
	return best->via == DMAOWN_VIA_CONTEXT;
}

int context_find_file(struct channel *channel, const char *text, struct dmaown_file *file)
{
	struct holder_record holder = { 0 };
	struct context_name name;
	union record record;
	int rc = parse_and_find(channel, text, &name, &record);

	if (rc)
		return rc;
	if (name.by == CONTEXT_BY_FD) {
		holder = record.holder;
	} else {
		rc = channel_search(channel, RECORD_HOLDER, record.context.context, choose_holder,
				    &holder);
		if (rc < 0)
			return channel_failed(channel, RECORD_HOLDER, rc);
	}
	if (!holder.known) {
		warnx("context %s: none of its holders has a PID in this PID namespace; "
		      "run dmaownctl in the initial one (nsenter -t 1 -p -m)",
		      text);
		return EXIT_OTHER;
	}
	*file = (struct dmaown_file){
		.holder = { .pid = holder.pid, .start = holder.start },
		.fd = holder.fd,
		.context = record.context.context,
	};
	return 0;
}

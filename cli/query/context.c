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
#include "host/number_set.h"
#include "id.h"

/* Parse PID/FD, or PID/0xADDR for a mapping. */
static bool parse_file(const char *text, const char *slash, struct context_name *name)
{
	unsigned int digits;
	char number[16];
	uint64_t fd;

	if ((size_t)(slash - text) >= sizeof(number))
		return false;
	memcpy(number, text, slash - text);
	number[slash - text] = '\0';
	name->pid = pid_parse(number);
	if (id_parse(slash + 1, &name->addr, &digits)) {
		name->by = CONTEXT_BY_MAPPING;
		return name->pid;
	}
	name->by = CONTEXT_BY_FD;
	if (!number_parse(slash + 1, INT32_MAX, &fd))
		return false;
	name->fd = fd;
	return name->pid;
}

bool context_parse(const char *text, struct context_name *name)
{
	const char *slash = strchr(text, '/');

	*name = (struct context_name){ 0 };
	if (!strncmp(text, "0x", 2)) {
		name->by = CONTEXT_BY_ID;
		return id_parse(text, &name->id, &name->digits);
	}
	if (slash && slash != text)
		return parse_file(text, slash, name);
	if (*text && !text[strspn(text, "0123456789")]) {
		name->by = CONTEXT_BY_PID;
		name->pid = pid_parse(text);
		return name->pid;
	}
	name->by = CONTEXT_BY_DEVICE;
	return vfio_name_parse(text, &name->device);
}

bool context_id_matches(const struct context_name *name, uint64_t id)
{
	return id_matches(name->id, name->digits, id);
}

/* A search for a context. */
struct search {
	const struct context_name *name;
	struct vfio_files files;  /* of the device or group */
	struct record_list found; /* holders, devices or contexts, each context once */
	struct number_set seen;	  /* their contexts */
};

static bool holder_matches(const struct context_name *name, const struct holder_record *holder)
{
	if (!holder_has_pid(holder, name->pid))
		return false;
	switch (name->by) {
	case CONTEXT_BY_FD:
		return known(holder, HOLDER, FD) && holder->fd == name->fd;
	case CONTEXT_BY_MAPPING:
		return known(holder, HOLDER, ADDR) && holder->addr == name->addr;
	default:
		return true;
	}
}

static bool matches(const struct search *search, const union record *record)
{
	switch (search->name->by) {
	case CONTEXT_BY_ID:
		return context_id_matches(search->name, record->context.context);
	case CONTEXT_BY_DEVICE:
		return vfio_files_have(&search->files, record->device.device);
	default:
		return holder_matches(search->name, &record->holder);
	}
}

static int search_one(const union record *record, void *data)
{
	struct search *search = data;
	int rc;

	/* A file of a device may be in no context, or locked. */
	if (!known(&record->context, CONTEXT, CONTEXT) || !matches(search, record))
		return 0;
	rc = number_set_add(&search->seen, record->context.context);
	if (rc <= 0)
		return rc;
	/* A full ID is never ambiguous. */
	if (search->name->by == CONTEXT_BY_ID && record->context.context == search->name->id) {
		search->found.nr = 0;
		return record_list_add(&search->found, record) ?: 1;
	}
	return record_list_add(&search->found, record);
}

static int not_found(const char *text, const struct context_name *name)
{
	static const char *const missing[] = {
		[CONTEXT_BY_ID] = "no context has this ID",
		[CONTEXT_BY_FD] = "no such descriptor of a context, or of a device bound to one",
		[CONTEXT_BY_MAPPING] = "no such mapping of a context, or of a device bound to one",
		[CONTEXT_BY_PID] = "this process holds no context",
		[CONTEXT_BY_DEVICE] = "no device or group of this name is in a context",
	};

	warnx("context %s: %s; see: dmaownctl %s%s", text, missing[name->by],
	      name->by == CONTEXT_BY_DEVICE ? "who " : "list",
	      name->by == CONTEXT_BY_DEVICE ? text : "");
	return EXIT_OTHER;
}

static int ambiguous(const char *text, const struct record_list *found)
{
	size_t i;

	warnx("context %s: this may be any of %zu; name one of them by its ID:", text, found->nr);
	for (i = 0; i < found->nr; i++)
		warnx("  0x%" PRIx64, found->items[i].context.context);
	return EXIT_OTHER;
}

static int search_records(struct channel *channel, const char *text, struct search *search,
			  union record *record)
{
	static const enum record_kind kinds[] = {
		[CONTEXT_BY_ID] = RECORD_CONTEXT,     [CONTEXT_BY_FD] = RECORD_HOLDER,
		[CONTEXT_BY_MAPPING] = RECORD_HOLDER, [CONTEXT_BY_PID] = RECORD_HOLDER,
		[CONTEXT_BY_DEVICE] = RECORD_DEVICE,
	};
	enum record_kind kind = kinds[search->name->by];
	int rc = channel_search(channel, kind, 0, search_one, search);

	if (rc < 0)
		return channel_failed(channel, kind, rc);
	if (!search->found.nr)
		return not_found(text, search->name);
	if (search->found.nr > 1)
		return ambiguous(text, &search->found);
	*record = search->found.items[0];
	return 0;
}

static int find_record(struct channel *channel, const char *text, const struct context_name *name,
		       union record *record)
{
	struct search search = { .name = name };
	int rc = 0;

	/* Records may have a device that sysfs lacks: its name alone is searched for. */
	if (name->by == CONTEXT_BY_DEVICE)
		rc = vfio_files_find(&search.files, &name->device);
	if (rc == -ENOMEM) {
		warnx("context %s: %s", text, strerror(ENOMEM));
		rc = EXIT_OTHER;
	} else {
		rc = search_records(channel, text, &search, record);
	}
	vfio_files_free(&search.files);
	record_list_free(&search.found);
	number_set_free(&search.seen);
	return rc;
}

/* /dev/iommu and /dev/vfio/vfio are the files of all contexts of a kind. */
static bool names_all(const struct context_name *name)
{
	return name->by == CONTEXT_BY_DEVICE &&
	       (name->device.by == VFIO_IOMMU || name->device.by == VFIO_CONTAINER);
}

static int parse_and_find(struct channel *channel, const char *text, struct context_name *name,
			  union record *record)
{
	if (!context_parse(text, name)) {
		warnx("context '%s': give " CONTEXT_NAMES, text);
		return EXIT_USAGE;
	}
	if (names_all(name)) {
		warnx("context %s: every context of its kind is an open file of it; name one by its ID; "
		      "see: dmaownctl list",
		      text);
		return EXIT_OTHER;
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

/* The holders of a context. */
struct choice {
	uint64_t context;
	struct holder_record best; /* nothing is known in it at first */
	bool hidden;		   /* a holder has no PID here */
};

/*
 * Keep the best of the holders. End the search at a file of the context itself. The listing of a
 * context also has holders whose context is unknown: those may be in another one.
 */
static int choose_holder(const union record *record, void *data)
{
	const struct holder_record *holder = &record->holder;
	struct choice *choice = data;

	if (!holder_has_context(holder, choice->context) || holder_is_unknown(holder))
		return 0;
	if (!known(holder, HOLDER, PID)) {
		choice->hidden = true;
		return 0;
	}
	if (holder_is_better(holder, choice->best.known ? &choice->best : NULL))
		choice->best = *holder;
	return choice->best.via == DMAOWN_VIA_CONTEXT;
}

static int no_holder(const char *text, bool hidden)
{
	if (hidden)
		warnx("context %s: none of its holders has a PID in this PID namespace; "
		      "run dmaownctl in the initial one (nsenter -t 1 -p -m)",
		      text);
	else
		warnx("context %s: no process holds it; " UNKNOWN_CAUSES
		      " may hold a device in it; see: dmaownctl devices",
		      text);
	return EXIT_OTHER;
}

int context_find_file(struct channel *channel, const char *text, struct dmaown_file *file)
{
	struct context_name name;
	union record record;
	struct choice choice;
	int rc = parse_and_find(channel, text, &name, &record);

	if (rc)
		return rc;
	choice = (struct choice){ .context = record.context.context };
	if (name.by == CONTEXT_BY_FD || name.by == CONTEXT_BY_MAPPING) {
		*file = holder_file(&record.holder);
		return 0;
	}
	rc = channel_search(channel, RECORD_HOLDER, choice.context, choose_holder, &choice);
	if (rc < 0)
		return channel_failed(channel, RECORD_HOLDER, rc);
	if (!choice.best.known)
		return no_holder(text, choice.hidden);
	*file = holder_file(&choice.best);
	return 0;
}

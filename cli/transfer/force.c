// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "force.h"
#include "host/array.h"
#include "query/context.h"
#include "reason.h"

/* The reasons that can be forced, and the kind of NAME that each takes. */
static const struct {
	uint32_t reason;
	const char *names;
} forceable[] = {
	{ DMAOWN_REASON_WOULD_RESET, "DEVICE" },
	{ DMAOWN_REASON_UNTRUSTED, "PID" },
	{ DMAOWN_REASON_UNKNOWN_HOLDER, "DEVICE" },
	{ DMAOWN_REASON_UNREAD, "PID" },
	{ DMAOWN_REASON_UNSEEN, NULL },
	{ DMAOWN_REASON_TAKEN_BACK, NULL },
};

#define NR_FORCEABLE (sizeof(forceable) / sizeof(forceable[0]))

static char *complain_reason(void)
{
	char *text = NULL;
	size_t length, i;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	fputs("the reason must be", out);
	for (i = 0; i < NR_FORCEABLE; i++) {
		if (i)
			fputs(i + 1 < NR_FORCEABLE ? "," : " or", out);
		fprintf(out, " %s", reason_of(forceable[i].reason)->name);
		if (forceable[i].names)
			fprintf(out, "[=%s]", forceable[i].names);
	}
	fclose(out);
	return text;
}

/* Return: the reason with this name, which is length characters long; or 0. */
static uint32_t find_reason(const char *text, size_t length)
{
	const char *name;
	size_t i;

	for (i = 0; i < NR_FORCEABLE; i++) {
		name = reason_of(forceable[i].reason)->name;
		if (strlen(name) == length && !strncmp(name, text, length))
			return forceable[i].reason;
	}
	return 0;
}

static char *parse_device(struct force *force)
{
	struct context_name name;

	/* The parser of contexts also parses names of devices and groups. */
	if (!context_parse(force->name, &name) || name.by != CONTEXT_BY_DEVICE ||
	    !vfio_name_of_file(&name.device, force->device))
		return strdup("not the name of a device, such as 0000:01:00.0");
	return NULL;
}

static char *parse_name(struct force *force)
{
	if (!force->name)
		return NULL;
	switch (force->reason) {
	case DMAOWN_REASON_WOULD_RESET:
	case DMAOWN_REASON_UNKNOWN_HOLDER:
		return parse_device(force);
	case DMAOWN_REASON_UNTRUSTED:
	case DMAOWN_REASON_UNREAD:
		if (process_parse(force->name, &force->holder) && force->holder.pid)
			return NULL;
		return strdup("not a PID or PID:INODE");
	default:
		return strdup("this reason takes no name");
	}
}

static bool append(struct force_list *list, const struct force *force)
{
	if (!array_grow((void **)&list->items, &list->room, list->nr + 1, sizeof(*list->items)))
		return false;
	list->items[list->nr++] = *force;
	return true;
}

char *force_add(struct force_list *list, const char *text)
{
	size_t length = strcspn(text, "=");
	struct force force = {
		.reason = find_reason(text, length),
		.name = text[length] ? text + length + 1 : NULL,
	};
	char *wrong;

	if (!force.reason)
		return complain_reason();
	wrong = parse_name(&force);
	if (wrong)
		return wrong;
	if (list->nr == DMAOWN_TRANSFER_MAX_FORCES || !append(list, &force))
		return strdup("too many reasons");
	return NULL;
}

int force_resolve(const struct force_list *list, int device, struct channel *channel,
		  struct dmaown_force *array, uint32_t *nr)
{
	const struct force *force;
	struct process_ref ref;
	size_t i;
	int rc;

	*nr = 0;
	for (i = 0; i < list->nr; i++) {
		force = &list->items[i];
		ref = (struct process_ref){ 0 };
		if (force->holder.pid) {
			rc = process_find(device, channel, force->name, &force->holder, &ref);
			/* To the module, an empty process means any process. */
			if (rc == -ESRCH)
				continue;
			if (rc)
				return rc;
		}
		array[*nr].reason = force->reason;
		array[*nr].process = ref.process;
		memcpy(array[*nr].device, force->device, sizeof(force->device));
		++*nr;
	}
	return 0;
}

bool force_covers_device(const struct force_list *list, const char *device)
{
	const struct force *force;
	size_t i;

	for (i = 0; i < list->nr; i++) {
		force = &list->items[i];
		if (force->reason == DMAOWN_REASON_WOULD_RESET &&
		    (!force->name || !strcmp(force->device, device)))
			return true;
	}
	return false;
}

bool force_has(const struct force_list *list, uint32_t reason)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		if (list->items[i].reason == reason)
			return true;
	return false;
}

void force_put(FILE *out, uint32_t reason, const char *name)
{
	fprintf(out, " --force %s%s%s", reason_of(reason)->name, name ? "=" : "", name ?: "");
}

void force_free(struct force_list *list)
{
	free(list->items);
	memset(list, 0, sizeof(*list));
}

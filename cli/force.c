// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "force.h"
#include "transfer.h"

/* What can be forced, and what the names of it are. */
static const struct {
	uint32_t reason;
	const char *names;
} forceable[] = {
	{ DMAOWN_REASON_WOULD_RESET, "DEVICE" },
	{ DMAOWN_REASON_UNTRUSTED, "PID" },
};

#define NR_FORCEABLE	(sizeof(forceable) / sizeof(forceable[0]))

static char *complain_reason(void)
{
	char *text = NULL;
	size_t length, i;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	fputs("what can be forced is ", out);
	for (i = 0; i < NR_FORCEABLE; i++)
		fprintf(out, "%s%s[=%s]", i ? " or " : "", reason_of(forceable[i].reason)->name,
			forceable[i].names);
	fclose(out);
	return text;
}

/* The reason whose name makes up the text, as far as that goes. */
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

	/* A context may be named by a device in it. */
	if (!context_parse(force->name, &name) || name.by != CONTEXT_BY_DEVICE)
		return strdup("not the name of a device, such as 0000:01:00.0");
	memcpy(force->device, name.device, sizeof(force->device));
	return NULL;
}

static char *parse_name(struct force *force)
{
	if (!force->name)
		return NULL;
	if (force->reason == DMAOWN_REASON_WOULD_RESET)
		return parse_device(force);
	if (!process_parse(force->name, &force->holder) || !force->holder.pid)
		return strdup("not a PID or PID:INODE");
	return NULL;
}

static int append(struct force_list *list, const struct force *force)
{
	struct force *items = reallocarray(list->items, list->nr + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	list->items = items;
	items[list->nr++] = *force;
	return 0;
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
	if (list->nr == DMAOWN_TRANSFER_MAX_FORCES || append(list, &force))
		return strdup("too many of them");
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
			/* The module would take none for whoever it is. */
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

void force_put(FILE *out, uint32_t reason, const char *name)
{
	fprintf(out, " --force %s%s%s", reason_of(reason)->name, name ? "=" : "", name ?: "");
}

void force_free(struct force_list *list)
{
	free(list->items);
	memset(list, 0, sizeof(*list));
}

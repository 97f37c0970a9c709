// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "context.h"
#include "exit_status.h"
#include "holding.h"
#include "host/number.h"
#include "subject.h"

/* FINDING */

static int find_kind(struct subject *subject, const struct vfio_name *name)
{
	bool type1 = name->by == VFIO_CONTAINER && !vfio_container_is_iommufd();

	subject->by = SUBJECT_KIND;
	subject->kind = type1 ? DMAOWN_KIND_TYPE1 : DMAOWN_KIND_IOMMUFD;
	subject->exists = vfio_has_file(name);
	return 0;
}

static int find_files(struct subject *subject, const struct vfio_name *name)
{
	int rc = vfio_files_find(&subject->files, name);

	if (rc == -ENOMEM) {
		warnx("%s: %s", subject->text, strerror(-rc));
		return EXIT_OTHER;
	}
	subject->by = SUBJECT_FILES;
	subject->exists = !rc;
	return 0;
}

static int find_named(struct subject *subject, const struct vfio_name *name)
{
	if (name->by == VFIO_CONTAINER || name->by == VFIO_IOMMU)
		return find_kind(subject, name);
	return find_files(subject, name);
}

static int find_context(struct subject *subject, struct channel *channel)
{
	subject->by = SUBJECT_CONTEXT;
	subject->exists = true;
	return context_find(channel, subject->text, &subject->context);
}

int subject_find(struct subject *subject, struct channel *channel, const char *text)
{
	struct vfio_name group = { .by = VFIO_GROUP };
	struct context_name name;
	uint64_t number;

	*subject = (struct subject){ .text = text };
	if (number_parse(text, INT32_MAX, &number)) {
		group.group = number;
		return find_files(subject, &group);
	}
	if (!context_parse(text, &name)) {
		warnx("%s: this names no device (0000:01:00.0, vfio3), no group (5, /dev/vfio/5) and no "
		      "context (0x...)",
		      *text ? text : "''");
		return EXIT_OTHER;
	}
	if (name.by == CONTEXT_BY_DEVICE)
		return find_named(subject, &name.device);
	return find_context(subject, channel);
}

/* HOLDERS */

static bool has_kind(struct lookup *lookup, uint64_t context, uint32_t kind)
{
	const struct record_range range = record_list_range(lookup_contexts(lookup), context);

	return range.nr && record_range_at(&range, 0)->context.kind == kind;
}

/* A container that has no IOMMU yet is no context, but an open file of its kind. */
static bool is_of_kind(struct lookup *lookup, const struct holder_record *holder, uint32_t kind)
{
	if (known(holder, HOLDER, CONTEXT))
		return has_kind(lookup, holder->context, kind);
	return kind == DMAOWN_KIND_TYPE1 && holder->via == DMAOWN_VIA_CONTEXT && !holder->unseen;
}

bool subject_is_held(const struct subject *subject, struct lookup *lookup,
		     const struct holder_record *holder)
{
	switch (subject->by) {
	case SUBJECT_FILES:
		return known(holder, HOLDER, DEVICE) &&
		       vfio_files_have(&subject->files, holder->device);
	case SUBJECT_CONTEXT:
		return holder_has_context(holder, subject->context);
	case SUBJECT_KIND:
		return is_of_kind(lookup, holder, subject->kind);
	}
	return false;
}

bool subject_may_be_held(const struct subject *subject, const struct holder_record *holder)
{
	if (!holder_is_unclear(holder))
		return false;
	return subject->by != SUBJECT_FILES || !known(holder, HOLDER, DEVICE);
}

void subject_free(struct subject *subject)
{
	vfio_files_free(&subject->files);
}

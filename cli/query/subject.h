/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices, groups, contexts and kinds of contexts that processes hold, as users name them. */
#ifndef DMAOWN_CLI_QUERY_SUBJECT_H
#define DMAOWN_CLI_QUERY_SUBJECT_H

#include "host/vfio.h"
#include "lookup.h"

struct subject {
	const char *text; /* as the user names it */
	enum {
		SUBJECT_FILES, /* a device or a group */
		SUBJECT_CONTEXT,
		SUBJECT_KIND, /* all contexts of a kind */
	} by;
	struct vfio_files files;
	uint64_t context;
	uint32_t kind;
	bool exists; /* in sysfs or in the records; else only an open file can show it */
};

/*
 * Find the thing that the text names: a device or group as vfio_name_parse() takes it, the number
 * of a group, /dev/iommu or /dev/vfio/vfio, or a context.
 * Return: 0, or an exit status after a message.
 */
int subject_find(struct subject *subject, struct channel *channel, const char *text);

/* Does the record hold the thing? */
bool subject_is_held(const struct subject *subject, struct lookup *lookup,
		     const struct holder_record *holder);

/* May the record hold the thing, although it does not say so, because it is busy or unseen? */
bool subject_may_be_held(const struct subject *subject, const struct holder_record *holder);

void subject_free(struct subject *subject);

#endif

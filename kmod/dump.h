/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Listings: records of one kind, one after the other, for netlink and debugfs.
 *
 * Between calls a dump keeps numbers, strings and struct pid references, but nothing of a context:
 * it finds the context again by a descriptor of a holder, and continues by key.
 */
#ifndef DMAOWN_DUMP_H
#define DMAOWN_DUMP_H

#include "record.h"

struct dump;

/* Does each record of this kind belong to a context, so that a dump can be limited to one? */
bool dmaown_dump_has_contexts(enum record_kind kind);

/*
 * context: limit the dump to the context with this ID; 0 for all. Ignored if records of the kind
 * belong to no context. Not for RECORD_EVENT.
 */
struct dump *dmaown_dump_open(enum record_kind kind, u64 context);
void dmaown_dump_close(struct dump *dump);

/*
 * Get the next record, which is valid until the next call. PIDs and user IDs are those of the
 * namespaces of the caller. Return: the record, NULL at the end, or an ERR_PTR.
 */
const union record *dmaown_dump_next(struct dump *dump);

/* Return: true if a context disappeared during the dump, or objects were left out. */
bool dmaown_dump_inconsistent(const struct dump *dump);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Listings: records of one kind, one after the other, for netlink and debugfs alike.
 *
 * Between calls a dump keeps numbers, strings and struct pid references, but nothing of any
 * context: it finds each again by one of its holders' descriptors and goes on by key.
 */
#ifndef DMAOWN_DUMP_H
#define DMAOWN_DUMP_H

#include "record.h"

struct dump;

/* Whether records of this kind are of one context each, so that one's can be asked for. */
bool dump_has_contexts(enum record_kind kind);

/* context: show this one only; 0, or of records of no context: all. Not for RECORD_EVENT. */
struct dump *dump_open(enum record_kind kind, u64 context);
void dump_close(struct dump *dump);

/*
 * The next record, valid until the next call; NULL at the end; or an ERR_PTR. PIDs and user IDs are
 * those of the namespaces of the process that calls.
 */
const union record *dump_next(struct dump *dump);

/* True once a context has gone away during the dump. */
bool dump_inconsistent(const struct dump *dump);

/* The module's own record; main.c knows. 0 or -ENOMEM. */
int status_fill(struct record_status *rec);

#endif

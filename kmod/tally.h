/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tally: are all references on some contexts, and on the files that hold them, those of a few
 * processes? If so, nobody else holds the contexts, and no other process need be searched.
 */
#ifndef DMAOWN_TALLY_H
#define DMAOWN_TALLY_H

#include <linux/types.h>

#include "context.h"
#include "mapped.h"
#include "uapi/dmaown.h"

struct file;
struct holding;
struct snapshot;
struct task_struct;

/* More than any of these is left to the search in all processes. */
#define TALLY_PROCESSES 8
#define TALLY_CONTEXTS	8
#define TALLY_FILES	24 /* each may take a lock: lockdep knows 48 locks of a task */
#define TALLY_ENTRIES	64

/* A file that holds one of the contexts. */
struct tally_file {
	struct file *file;  /* valid while an entry with it is locked */
	struct file *kept;  /* the same with a reference, if it is of a device or group; or NULL */
	const void *device; /* of a device's file: the device, only to be compared */
	enum dmaown_via via;
	unsigned int number;  /* of its context */
	unsigned int entries; /* in file tables */
	bool mapped;	      /* set and used while counting: i_mmap is locked */
};

/* An entry of a file table: a descriptor. */
struct tally_entry {
	unsigned int process;
	unsigned int file;
	unsigned int fd;
};

struct tally {
	const struct context *contexts;
	unsigned int contexts_nr;

	struct task_struct *leaders[TALLY_PROCESSES]; /* with references */
	unsigned int leaders_nr;
	unsigned int walked; /* of these; the index of the process that is walked */
	bool has_parents;    /* their parents have been added */

	struct tally_file files[TALLY_FILES];
	unsigned int files_nr;
	struct tally_entry entries[TALLY_ENTRIES];
	unsigned int entries_nr;

	struct mapped mapped; /* the address spaces that map the files, if any */
};

/*
 * The caller holds one reference on each context. The tally does not fit while another call of this
 * module holds one, too.
 */
struct tally *dmaown_tally_new(const struct context *contexts, unsigned int nr);
void dmaown_tally_free(struct tally *tally);

/* Add the process of a task, unless it is there already, is dead, or there is no room. */
void dmaown_tally_add_process(struct tally *tally, struct task_struct *task);

/* Add the parents of all processes, once. Return: false if there are no others. */
bool dmaown_tally_add_parents(struct tally *tally);

/*
 * Add a holding of the process that is walked. Return: 0; or 1 if no tally is possible, because
 * something about the process is unknown, or because it has too many files.
 */
int dmaown_tally_add(struct tally *tally, const struct holding *holding);

/*
 * Do the processes walked so far, as they are at one moment during the call, have all references?
 * Then no other process holds one of the contexts at that moment, and no file of them is in flight,
 * nor in a table of io_uring, nor held by KVM. Fills mapped. @snapshot may have references on the
 * files, too.
 */
bool dmaown_tally_fits(struct tally *tally, const struct snapshot *snapshot);

#endif

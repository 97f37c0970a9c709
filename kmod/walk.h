/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A walk through the files of processes: through file tables (tables.c), and through mappings
 * (mappings.c). Both collect candidates under locks, and show them without (find.c).
 */
#ifndef DMAOWN_WALK_H
#define DMAOWN_WALK_H

#include <linux/sched.h>

#include "find.h"
#include "kinds.h"
#include "ptrset.h"
#include "retry.h"

#define CANDIDATES_ROOM 64

/*
 * Time to wait for mmap_locks in a walk, in milliseconds: a thread that has one may be preempted,
 * such as khugepaged while it copies 2 MiB
 */
#define WALK_WAIT 40

/* log2 of the number of file operations that are remembered as those of no kind */
#define FOREIGN_BITS 6

/* A file that belongs to a kind of context. */
struct candidate {
	unsigned int fd;	  /* NO_FD if it is mapped */
	unsigned long addr;	  /* of the mapping */
	const struct file *file;  /* only to be compared */
	unsigned int kind;	  /* index in dmaown_kinds[] */
	struct kind_file found;	  /* with a reference on the context, if it has one */
	struct file *device_file; /* with a reference, if found.indirect; else NULL */
};

/* The kinds whose code has been looked up. Files of other kinds are ignored. */
struct kinds_in_use {
	struct kind_use uses[KINDS_NR];
	unsigned int nr; /* kinds looked up, in the order of dmaown_kinds[] */
};

/* A file table of the process that is walked. */
struct table {
	const struct files_struct *files; /* only to be compared */
	struct task_struct *thread;	  /* a thread that had the table, with a reference */
};

struct walk {
	struct kinds_in_use kinds;
	holding_fn fn;
	void *arg;

	/*
	 * File operations that belong to no kind: a kind recognizes a file by its operations, and
	 * the code of all kinds in use stays loaded. Only to be compared.
	 */
	const void *foreign[1 << FOREIGN_BITS];

	unsigned int nr;    /* of candidates[] */
	unsigned int steps; /* files left to inspect before the locks are dropped */

	/* tables.c */
	bool one; /* inspect next_fd only */
	unsigned int next_fd;
	struct table *tables;
	unsigned int tables_nr;
	unsigned int tables_room;
	struct ptrset seen;    /* the tables in tables[] */
	unsigned int searches; /* searches left */
	bool cut;	       /* there are no searches left, and one was needed */

	/* mappings.c */
	const struct mapped *mapped; /* walk only these; NULL: all */
	unsigned long next_addr;
	struct wait_budget budget; /* for all processes */

	/* The files found last. */
	struct candidate candidates[CANDIDATES_ROOM];
};

/*
 * Begin a walk that looks for files of all kinds. mapped: see dmaown_find_everywhere(); it is read
 * when mappings are walked. Return: the walk, or NULL if there is no memory.
 */
struct walk *dmaown_walk_begin(holding_fn fn, void *arg, const struct mapped *mapped);
void dmaown_walk_end(struct walk *walk);

/*
 * Is a kind with indirect files loaded, and not proven? Its files may hold contexts of any kind.
 */
bool dmaown_walk_files_unseen(const struct walk *walk);

/*
 * Does the file belong to a kind? Takes a reference on its context, or on the file if it is
 * indirect. Called under the lock that keeps the file.
 */
bool dmaown_walk_take(struct walk *walk, struct file *file, struct candidate *candidate);

/* Call fn for the candidates of a process, and forget them. Return: the last value of fn. */
int dmaown_walk_show(struct walk *walk, struct task_struct *leader);

/* Show that a process could not be read to the end. Return: the value of fn. */
int dmaown_walk_show_incomplete(struct walk *walk, struct task_struct *leader);

/* Walk the file tables of a process, or its mappings. Return: the last value of fn, or an error. */
int dmaown_walk_tables(struct walk *walk, struct task_struct *leader);
int dmaown_walk_mappings(struct walk *walk, struct task_struct *leader);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Finds and reads the BTF of the kernel and of its modules. */
#ifndef LAYOUT_SOURCE_H
#define LAYOUT_SOURCE_H

#include <limits.h>
#include <stdbool.h>

#include <bpf/btf.h>

#include "note.h"
#include "wanted.h"

/* Inputs from the command line. All except the release may be NULL. */
struct inputs {
	const char *release;
	const char *kdir;
	const char *modules;
	const char *base;
	const char *module[WANTED_COUNT];
};

struct source {
	struct btf *btf; /* NULL: not found */
	bool builtin;	 /* btf is the kernel's */
	bool left_out;	 /* present, but not read */
	char path[PATH_MAX];
	char release[64]; /* for a module file: release of the kernel that it names */
	struct build_id id;
};

/*
 * Both return 0, or -1 with a sentence. optional: return 0 and leave btf NULL if the kernel has no
 * such module.
 */
int source_kernel(struct source *kernel, const struct inputs *in);
int source_module(struct source *module, const struct inputs *in, const struct source *kernel,
		  const struct wanted *wanted, bool optional);

void source_close(struct source *source);

#endif

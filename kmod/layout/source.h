/* SPDX-License-Identifier: GPL-2.0 */
/* Where the BTF of the kernel and of its modules comes from. */
#ifndef LAYOUT_SOURCE_H
#define LAYOUT_SOURCE_H

#include <limits.h>
#include <stdbool.h>

#include <bpf/btf.h>

#include "note.h"
#include "wanted.h"

/* What the command line names; all but the release may be NULL. */
struct inputs {
	const char *release;
	const char *kdir;
	const char *modules;
	const char *base;
	const char *module[WANTED_COUNT];
};

struct source {
	struct btf *btf;	/* NULL: not there at all */
	bool builtin;		/* and then btf is the kernel's */
	char path[PATH_MAX];
	char release[64];	/* of a module file: the kernel it says it is for */
	struct build_id id;
};

/* Both return 0, or -1 with a sentence. */
int source_kernel(struct source *kernel, const struct inputs *in);
int source_module(struct source *module, const struct inputs *in, const struct source *kernel,
		  const struct wanted *wanted, bool optional);

void source_close(struct source *source);

#endif

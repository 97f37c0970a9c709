/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_BUILD_H
#define DMAOWN_BUILD_H

#include <linux/compiler.h>
#include <linux/types.h>

/* A part of the kernel, and the build of it that its layout was made from. */
struct build {
	const char *name;	/* of a module; NULL: it is built into the kernel */
	const u8 *id;
	size_t len;
	const char *loss;	/* what comes of it if the one that is loaded is another build */
	bool (*learn)(void);	/* NULL, or: whether all else is there that is needed of it */

	/* See build.c, whose lock protects them. */
	unsigned int known;
	bool fits;
	bool said;
};

/*
 * Whether the one that is loaded is that build: 0, -ENOEXEC if not, which is said once, or -ENOMEM.
 * Whoever calls keeps it loaded. Looked at once each time it is loaded. May sleep.
 */
int build_check(struct build *build);

/* Whether it was another one when it was looked at last. */
static inline bool build_failed(const struct build *build)
{
	return READ_ONCE(build->known) && !READ_ONCE(build->fits);
}

/* The release of the kernel that all layouts were made from. */
const char *builds_kernel(void);

/* From the first to the second call it is noticed when modules go. */
int builds_watch(void);
void builds_unwatch(void);

#endif

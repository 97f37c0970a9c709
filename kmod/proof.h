/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_PROOF_H
#define DMAOWN_PROOF_H

#include <linux/compiler.h>
#include <linux/types.h>

/* The proof that a part of the kernel is the build that its layout was made from. */
struct proof {
	const char *name;	/* of a module; NULL: it is built into the kernel */
	const u8 *id;
	size_t len;
	const char *loss;	/* what comes of it if it is not */
	bool (*learn)(void);	/* NULL, or: whether all else is there that is needed of it */

	/* See proof.c, whose lock protects them. */
	unsigned int known;
	bool fits;
	bool said;
};

/*
 * 0, -ENOEXEC if it is another build, which is said once, or -ENOMEM. Whoever calls keeps the
 * module loaded. Looked at once each time it is loaded.
 */
int proof_check(struct proof *proof);

/* Whether it was another build when it was looked at last. */
static inline bool proof_failed(const struct proof *proof)
{
	return READ_ONCE(proof->known) && !READ_ONCE(proof->fits);
}

/* The release of the kernel that all layouts were made from. */
const char *proofs_kernel(void);

/* From the first to the second call it is noticed when modules go. */
int proofs_watch(void);
void proofs_unwatch(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_PROVENANCE_H
#define DMAOWN_PROVENANCE_H

#include <linux/compiler.h>
#include <linux/types.h>

/* A part of the kernel, and the build from which its layout was made. */
struct provenance {
	const char *name; /* of a module; NULL if built into the kernel */
	const u8 *id;
	size_t len;
	const char *consequence; /* effect of another build, for the log message */
	bool (*lookup)(void);	 /* NULL, or looks up other symbols; false if one is missing */

	/* Protected by the mutex in provenance.c. */
	unsigned int checked;
	bool fits;
	bool reported;
};

/*
 * Check that the loaded code is the build of prov. The caller keeps it loaded. Each load is checked
 * only once. May sleep. Return: 0; -ENOEXEC if it is another build, which is logged once; or
 * -ENOMEM.
 */
int dmaown_provenance_check(struct provenance *prov);

/* Return: true if the last check failed. */
static inline bool provenance_failed(const struct provenance *prov)
{
	return READ_ONCE(prov->checked) && !READ_ONCE(prov->fits);
}

/* The release of the kernel that all layouts were made from. */
const char *dmaown_provenance_kernel(void);

/* Between the two calls, module unloads increment the generation. */
int dmaown_provenance_init(void);
void dmaown_provenance_exit(void);

#endif

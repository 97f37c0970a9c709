/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_PROVENANCE_H
#define DMAOWN_PROVENANCE_H

#include <linux/compiler.h>
#include <linux/types.h>

struct module;

/* A part of the kernel, and the build from which its layout was made. */
struct provenance {
	const char *name; /* of a module; NULL if built into the kernel */
	const u8 *id;
	size_t len;
	const char *consequence; /* effect of another build, for the log message */
	bool (*lookup)(void);	 /* NULL, or looks up symbols; false if one is missing */

	/* Written under the mutex in provenance.c; read without it while checked is current. */
	unsigned int checked; /* the generation */
	bool fits;
	struct module *owner; /* the module; NULL if built into the kernel */
	bool reported;
};

/*
 * Check that the loaded code is the build of prov. The caller keeps it loaded. Each load is checked
 * only once. May sleep. Return: 0; -ENOEXEC if it is another build, which is logged once; or
 * -ENOMEM.
 */
int dmaown_provenance_check(struct provenance *prov);

/*
 * Keep the code loaded if the last check has proven it and no module has come or gone since. This
 * takes no time, while looking a symbol up takes long. Return: true if it is kept: the caller calls
 * dmaown_provenance_put().
 */
bool dmaown_provenance_get(struct provenance *prov);
void dmaown_provenance_put(struct provenance *prov);

/* Return: true if the last check failed. */
static inline bool provenance_failed(const struct provenance *prov)
{
	return READ_ONCE(prov->checked) && !READ_ONCE(prov->fits);
}

/* The release of the kernel that all layouts were made from. */
const char *dmaown_provenance_kernel(void);

/* Between the two calls, each load and unload of a module increments the generation. */
int dmaown_provenance_init(void);
void dmaown_provenance_exit(void);

#endif

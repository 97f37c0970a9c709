/* SPDX-License-Identifier: GPL-2.0-only */
/* VFIO type1 containers. Only the files in type1/ know their structures. */
#ifndef DMAOWN_TYPE1_TYPE1_H
#define DMAOWN_TYPE1_TYPE1_H

#include <linux/errno.h>
#include "buildid.h"
#include "context.h"

struct file;
struct layout_vfio_container;

#ifdef DMAOWN_TYPE1
/*
 * The functions are called between dmaown_vfio_begin() and dmaown_vfio_end(), with VFIO proven.
 *
 * Get the container of a file, which is a container's. May be called under spinlocks. Return: the
 * context with a reference.
 */
struct context dmaown_type1_context(struct file *file);

/* Get the context of a container that the caller keeps. Return: the context with a reference. */
struct context dmaown_type1_context_of(struct layout_vfio_container *container);

/*
 * dmaown_type1_fits(): return true unless a check of the build has failed so far. The build ID is
 * that from which the layout was made.
 */
bool dmaown_type1_fits(void);
void dmaown_type1_layout_build_id(char text[BUILDID_TEXT]);
#else
static inline struct context dmaown_type1_context(struct file *file)
{
	return (struct context){};
}

static inline bool dmaown_type1_fits(void)
{
	return false;
}

static inline void dmaown_type1_layout_build_id(char text[BUILDID_TEXT])
{
	*text = '\0';
}
#endif

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kinds of files that hold contexts. Each is a folder with a struct kind, and has an entry in
 * DMAOWN_KIND_TABLE. The contexts themselves have a struct backend (backend.h) and a value of enum
 * dmaown_kind (uapi/dmaown.h): iommufd/ has both structs for its kind; vfio/ has the struct kind
 * for files of VFIO, which hold contexts of iommufd and of type1/.
 */
#ifndef DMAOWN_KINDS_H
#define DMAOWN_KINDS_H

#include <linux/build_bug.h>
#include <linux/types.h>
#include "context.h"

struct file;
struct status_record;

/* The folder of each kind: it defines dmaown_FOLDER_kind. */
#define DMAOWN_KIND_TABLE(KIND) \
	KIND(iommufd)           \
	KIND(vfio)

#define KIND_INDEX(folder) KIND_##folder,
enum { DMAOWN_KIND_TABLE(KIND_INDEX) KINDS_NR };

/* The loaded code of a kind, between begin() and end(). All zeroes: not loaded. */
struct kind_use {
	bool loaded;
	bool proven;		/* the build from which the layout was made is loaded */
	unsigned long state[5]; /* private to the kind, which uses kind_state() */
};

/* The private state of a kind, as a pointer to the kind's own type. */
#define kind_state(use, type)                                      \
	({                                                         \
		BUILD_BUG_ON(sizeof(type) > sizeof((use)->state)); \
		(type *)(use)->state;                              \
	})

/* A file that holds, or may hold, a context of a kind. */
struct kind_file {
	struct context ctx; /* with a reference; none if the file is not a context's own */
	enum dmaown_via via;
	bool unseen;   /* a context's own file for which the module has no layout */
	bool indirect; /* a file that refers to a context, which resolve() finds */
};

/* The device or group that an indirect file belongs to. */
struct file_device {
	const void *self; /* only to be compared */
	char name[64];
	bool has_opens;	    /* a device, of which VFIO counts the open files */
	unsigned int opens; /* that count: a sample */
	bool removing;	    /* unregistered, but still open */
};

struct kind {
	/* Without a layout, files of the kind are recognized, and nothing else. */
	bool has_layout;

	/*
	 * begin() finds the code of the kind if it is loaded, and keeps it loaded until end().
	 * Return: 0, -ENOENT if it is not loaded, or -ENOMEM; after an error use is all zeroes.
	 */
	int (*begin)(struct kind_use *use);
	void (*end)(struct kind_use *use);

	/*
	 * Fill found if the file belongs to the kind, with a reference on its context. Called under
	 * spinlocks for each file of a process. Return: true if it belongs to the kind.
	 */
	bool (*recognize)(const struct kind_use *use, struct file *file, struct kind_file *found);

	/*
	 * Get the context that an indirect file holds, with a reference, and its device or group,
	 * if the module has a layout for it. NULL if the kind has no indirect files. Return: 0,
	 * also if the file holds no context; -EAGAIN if it is locked, which can last as long as a
	 * page fault; or
	 * -ENOEXEC if the module has no layout for it.
	 */
	int (*resolve)(const struct kind_use *use, struct file *file, enum dmaown_via via,
		       struct context *ctx, struct file_device *device);

	/*
	 * The self of the context that a locked indirect file seems to hold, or NULL; only to be
	 * compared. The pointer is NULL in a kind without indirect files.
	 */
	const void *(*hint)(struct file *file, enum dmaown_via via);

	/* Report on the loaded code and on the layout. */
	void (*status)(const struct kind_use *use, struct status_record *rec);
};

#define KIND_DECLARE(folder) extern const struct kind dmaown_##folder##_kind;
DMAOWN_KIND_TABLE(KIND_DECLARE)

/* The index is KIND_FOLDER. */
extern const struct kind *const dmaown_kinds[KINDS_NR];

/* Call begin() of a kind. Return: as begin(), except 0 for a kind that is not loaded. */
int dmaown_kind_begin(unsigned int index, struct kind_use *use);

/*
 * Refuse to run beside a build other than the one that a layout was made from. Code that is loaded
 * later is checked at its first use. Return: 0, -ENOEXEC or -ENOMEM.
 */
int dmaown_kinds_prove(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* --force: what is no reason to refuse a transfer. */
#ifndef DMAOWN_CLI_FORCE_H
#define DMAOWN_CLI_FORCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "process.h"

struct force {
	uint32_t reason;
	const char *name;	/* of the device or process, as given; NULL: whatever it is */
	char device[64];
	struct process_name holder;
};

struct force_list {
	struct force *items;
	size_t nr;
};

/*
 * Adds what "REASON" or "REASON=NAME" says, which must outlive the list. NULL, or what is wrong
 * with it, which the caller frees.
 */
char *force_add(struct force_list *list, const char *text);

/*
 * The list as the module takes it, in an array of zeros for list->nr of them, with the holders looked
 * up. A holder that is gone is left out. 0, or an exit status with a message.
 */
int force_resolve(const struct force_list *list, int device, struct channel *channel,
		  struct dmaown_force *array, uint32_t *nr);

/* Is it accepted that this device is reset? */
bool force_covers_device(const struct force_list *list, const char *device);

/* " --force REASON=NAME", or without a name */
void force_put(FILE *out, uint32_t reason, const char *name);

void force_free(struct force_list *list);

#endif

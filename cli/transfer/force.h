/* SPDX-License-Identifier: GPL-2.0-only */
/* --force: reasons for which a transfer is not to be refused. */
#ifndef DMAOWN_CLI_TRANSFER_FORCE_H
#define DMAOWN_CLI_TRANSFER_FORCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "query/process.h"

struct force {
	uint32_t reason;
	const char *name; /* of the device or process, as given; NULL: any */
	char device[64];
	struct process_name holder;
};

struct force_list {
	struct force *items;
	size_t nr;
	size_t room;
};

/*
 * Parse "REASON" or "REASON=NAME" and add it. The text must outlive the list.
 * Return: NULL, or a complaint about the text, which the caller frees.
 */
char *force_add(struct force_list *list, const char *text);

/*
 * Convert the list to what the module takes, and look up the holders. A holder that has exited is
 * left out.
 * @array: room for list->nr items, all zeros
 * Return: 0, or an exit status after a message.
 */
int force_resolve(const struct force_list *list, int device, struct channel *channel,
		  struct dmaown_force *array, uint32_t *nr);

/* Is a reset of this device accepted? */
bool force_covers_device(const struct force_list *list, const char *device);

/* Is this reason forced, for any name? */
bool force_has(const struct force_list *list, uint32_t reason);

/* Write " --force REASON=NAME"; or " --force REASON" if the name is NULL. */
void force_put(FILE *out, uint32_t reason, const char *name);

void force_free(struct force_list *list);

#endif

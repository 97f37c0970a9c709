/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The preview: the areas that are going to move, summed for each context and owner.
 *
 * The listing is taken before the ioctl, so that it does not show areas that come or go in between.
 * The module's own totals are authoritative.
 */
#ifndef DMAOWN_CLI_TRANSFER_PREVIEW_H
#define DMAOWN_CLI_TRANSFER_PREVIEW_H

#include "host/hash.h"
#include "query/owner_areas.h"

struct transfer_scope;

struct preview {
	struct owner_areas_list owner_areas; /* of the areas that move */
	struct record_list owners;	     /* all owners, for their names */
	struct hash_index named;	     /* of those with a command, by owner: one for each */
	int error;			     /* reason why they could not be listed: -errno, or 0 */
};

void preview_find(struct transfer_scope *scope, struct preview *preview);
void preview_free(struct preview *preview);

/* Return: the command of an owner, or NULL. */
const char *preview_command(const struct preview *preview, uint64_t owner);

/* Is the owner without a PID that names it? The PID of a dead owner may be in use again. */
bool preview_is_nameless(const struct area_record *area);

#endif

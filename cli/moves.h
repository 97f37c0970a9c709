/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What moves: a line for each context and owner, with where it goes, who is charged for it and how
 * much of the limit is left then.
 *
 * It is summed from a listing that is taken before the module is asked. What comes or goes in
 * between is not in it; what the module has counted itself is what counts.
 */
#ifndef DMAOWN_CLI_MOVES_H
#define DMAOWN_CLI_MOVES_H

#include "json.h"
#include "shares.h"

struct transfer;

struct moves {
	struct share_list shares;	/* of areas that are to get another owner */
	struct record_list owners;	/* all there are, for their names */
	int error;			/* why they could not be listed: -errno, or 0 */
};

/* Fills transfer->moves. */
void moves_find(struct transfer *transfer);
void moves_free(struct moves *moves);

/* As a table, if there are any. */
void moves_print(const struct transfer *transfer);
void moves_to_json(const struct transfer *transfer, struct json *json);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Headroom: the part of an owner's limit that is left. */
#ifndef DMAOWN_CLI_QUERY_HEADROOM_H
#define DMAOWN_CLI_QUERY_HEADROOM_H

#include "channel/records.h"

/* The default of --headroom, in percent of the limit. */
#define HEADROOM_PERCENT 10

/* Is less than this percentage of a limit left? */
bool headroom_is_scarce(uint64_t headroom, uint64_t limit, double percent);

/* Return: true if less than this percentage of the owner's limit is left; false if unknown. */
bool is_scarce(const struct owner_record *owner, double percent);

#endif

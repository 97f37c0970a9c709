/* SPDX-License-Identifier: GPL-2.0-only */
/* Do the kernel's counters of pinned and locked pages add up? */
#ifndef DMAOWN_CLI_HEALTH_COUNTERS_H
#define DMAOWN_CLI_HEALTH_COUNTERS_H

#include "finding.h"
#include "query/lookup.h"

/* Is a counter of bytes negative? */
bool has_underflowed(uint64_t counter);

/* Is a counter of this owner wrong, as far as the owner's record alone can show? */
bool is_corrupt(const struct owner_record *owner);

/*
 * Add a finding for each counter that does not add up: of the owners, and of the processes that
 * hold a context. The kernel pins, counts and charges pages one after the other: list the owners
 * again until the findings no longer change.
 * @owners: as listed before; listed again if necessary
 * Return: 0 or -errno.
 */
int counters_check(struct lookup *lookup, struct record_list *owners,
		   struct finding_list *findings);

#endif

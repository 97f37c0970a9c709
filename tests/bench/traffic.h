/* SPDX-License-Identifier: GPL-2.0-only */
/* A thread that maps and unmaps one page without end, and sees how long it is held up. */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <stdint.h>

#include "stage.h"

/* Before players are made, who are to have that page as well. */
void traffic_prepare(void);

/* In the context and IOAS of the stage, and by file if that is; one such thread at a time. */
void traffic_begin(const struct stage *stage);
void traffic_end(void);

/* From here on; */
void traffic_mark(void);
/* how long the longest IOMMU_IOAS_MAP or IOMMU_IOAS_UNMAP took, up to the one that is under way. */
uint64_t traffic_longest(void);

#endif

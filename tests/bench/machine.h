/* SPDX-License-Identifier: GPL-2.0-only */
/* Where it was measured. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>

/* Whether the kernel has IOMMU_IOAS_MAP_FILE and IOMMU_IOAS_CHANGE_PROCESS. */
bool kernel_has_transfer(void);

/* One line: kernel, processors, memory, and what emulates them. */
void print_machine(void);

#endif

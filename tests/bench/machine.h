/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine that the benchmark runs on. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>

/* Does the kernel have IOMMU_IOAS_MAP_FILE and IOMMU_IOAS_CHANGE_PROCESS? */
bool kernel_has_transfer(void);

/* Prints one line: kernel, processors, memory, and the emulator. */
void print_machine(void);

#endif

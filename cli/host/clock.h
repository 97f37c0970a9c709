/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_CLI_HOST_CLOCK_H
#define DMAOWN_CLI_HOST_CLOCK_H

#include <stdint.h>

/* Return: CLOCK_MONOTONIC in milliseconds. */
uint64_t monotonic_ms(void);

#endif

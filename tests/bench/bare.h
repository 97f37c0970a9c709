/* SPDX-License-Identifier: GPL-2.0-only */
/* Listings that nobody decodes: what they cost the kernel, and the limit for any tool. */
#ifndef BARE_H
#define BARE_H

#include <stdint.h>

/* A dump over netlink, or a file of debugfs; how long it takes to read, in nanoseconds. */
uint64_t bare_dump(int command);
uint64_t bare_file(const char *listing);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Which pages a process has, from /proc/PID/pagemap. */
#ifndef DMAOWN_CLI_HOST_PAGEMAP_H
#define DMAOWN_CLI_HOST_PAGEMAP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Open the pagemap of a process. The file stays bound to the address space that the process has
 * now.
 * Return: a descriptor, or -errno.
 */
int pagemap_open(uint32_t pid);

/*
 * Look at the pages from an address on. A page that is present, swapped out or being moved is not
 * empty. If the address space is gone, no page is empty.
 * @fd: of pagemap_open(); or negative: no page is empty
 * @empty: set for the first page, and for those that follow and are like it
 * Return: the number of bytes to which this applies, at most length.
 */
uint64_t pagemap_look(int fd, uint64_t addr, uint64_t length, bool *empty);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads listings without decoding them: their cost in the kernel, and the limit for any tool. */
#ifndef BARE_H
#define BARE_H

#include <stdint.h>

/*
 * Read a dump over netlink, or a file in debugfs.
 * Return: the time that it takes, in nanoseconds.
 */
uint64_t bare_dump(int command);
uint64_t bare_file(const char *listing);

#endif

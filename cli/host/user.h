/* SPDX-License-Identifier: GPL-2.0-only */
/* Systemd units of processes, and names of users. */
#ifndef DMAOWN_CLI_HOST_USER_H
#define DMAOWN_CLI_HOST_USER_H

#include <stdint.h>

/*
 * Find the unit in the contents of a /proc/PID/cgroup: the last component of the path that names
 * a systemd unit, or else the path.
 * Return: a string for the caller to free, or NULL if there is no path.
 */
char *unit_of_cgroup(const char *contents);
char *unit_of_process(uint32_t pid);

/* Return: the name of a user, or the number if it has none. The caller frees it. */
char *user_name(uint32_t uid);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* The mappings of a process, from /proc/PID/maps. */
#ifndef DMAOWN_CLI_HOST_MAPS_H
#define DMAOWN_CLI_HOST_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct mapping {
	uint64_t start;
	uint64_t end;
	uint64_t offset; /* in the object, in bytes */
	uint64_t device; /* device and inode name the memory object; both 0: none */
	uint64_t inode;
	bool readable;
	bool writable;
	bool shared;
	char *path; /* of a shared mapping of an object, else NULL */
};

/* Sorted by address. */
struct maps {
	struct mapping *items;
	size_t nr;
	size_t room;
};

/*
 * Open the maps file of a process. The file stays bound to the address space that the process has
 * now.
 * Return: a descriptor, -ESRCH if the process has exited or no longer has an address space, or
 * another -errno.
 */
int maps_open(uint32_t pid);

/* @fd: of maps_open(). Does a process still use the address space? */
bool maps_alive(int fd);

/* Return: 0, or -errno as maps_open(). */
int maps_read(struct maps *maps, uint32_t pid);

/* Add the mappings in a file. Return: 0, -EBADMSG if a line cannot be parsed, or -errno. */
int maps_parse(struct maps *maps, FILE *file);

/* Return: the mapping at an address, or NULL. */
const struct mapping *maps_at(const struct maps *maps, uint64_t addr);

/* Write the path, with control characters escaped: it may go to a terminal. */
void mapping_put_path(FILE *out, const struct mapping *mapping);

void maps_free(struct maps *maps);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* What a process has mapped, as /proc/PID/maps shows it. */
#ifndef DMAOWN_CLI_MAPS_H
#define DMAOWN_CLI_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct mapping {
	uint64_t start;
	uint64_t end;
	uint64_t offset;	/* in the object, in bytes */
	uint64_t device;	/* device and inode are the memory object; both 0: there is none */
	uint64_t inode;
	bool readable;
	bool writable;
	bool shared;
	char *path;		/* of a shared mapping of an object, else NULL */
};

/* In the order of addresses. */
struct maps {
	struct mapping *items;
	size_t nr;
	size_t room;
};

/*
 * The file with what a process has mapped; it stays that of the address space that the process has
 * now. -ESRCH: the process is gone, or has no address space any more; or -errno.
 */
int maps_open(uint32_t pid);

/* Is anybody left who uses the address space? */
bool maps_alive(int fd);

/* 0, -ESRCH or -errno, as above. */
int maps_read(struct maps *maps, uint32_t pid);

/* Adds what a file says; -EBADMSG: it is none of that kind. */
int maps_parse(struct maps *maps, FILE *file);

/* The mapping at an address, or NULL. */
const struct mapping *maps_at(const struct maps *maps, uint64_t addr);

/* Writes what is mapped there to a terminal: a path may contain anything. */
void mapping_put_path(FILE *out, const struct mapping *mapping);

void maps_free(struct maps *maps);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory of another process, mapped a second time. */
#ifndef DMAOWN_CLI_HOST_MIRROR_H
#define DMAOWN_CLI_HOST_MIRROR_H

#include "maps.h"

/* A range of the other process that must be mapped in one piece. */
struct mirror_range {
	uint64_t start;
	uint64_t end;
};

/* Mappings without a gap between them, and their address here. */
struct mirror_span {
	uint64_t start;
	uint64_t end;
	uint64_t here;
};

/* Descriptors here of device files. The other process may have mapped memory of them. */
struct mirror_files {
	int *fds;
	size_t nr;
	size_t room;
};

/* A mapping here of a device's memory. The other process has mapped one of several files. */
struct mirror_device {
	uint64_t here;
	uint64_t size;
	uint64_t offset;
	int prot;
	size_t *files; /* candidates: indices in mirror_files */
	size_t nr_files;
	size_t file; /* index in files of the candidate that is mapped now */
};

struct mirror {
	struct mirror_span *spans;	    /* sorted by address */
	const struct mirror_span **by_here; /* the same, sorted by address here */
	size_t nr;
	bool elsewhere; /* one of them has another address here */
	struct mirror_device *devices;
	size_t nr_devices;
	size_t room_devices;
};

/*
 * Map every mapping of the process that a range touches, in full. Memory of a device is mapped
 * through one of the files. Memory that no other process can map is left out: the comparison finds
 * a hole there. The memory is not touched, locked, dumped, or inherited by a child.
 * Return: 0, or an exit status after a message.
 */
int mirror_map(struct mirror *mirror, uint32_t pid, const struct mirror_files *files,
	       const struct mirror_range *ranges, size_t nr);

/*
 * Map the next candidate file of the device whose memory is mapped at an address here.
 * Return: false if there is none.
 */
bool mirror_switch(struct mirror *mirror, const struct mirror_files *files, uint64_t here);

/* Translate an address of the other process. Return: the same address if it is not mapped here. */
uint64_t mirror_here(const struct mirror *mirror, uint64_t addr);

/* Translate an address here. Return: the address in the other process; 0 if unknown or the same. */
uint64_t mirror_there(const struct mirror *mirror, uint64_t addr);

void mirror_free(struct mirror *mirror);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* The answer of the module: what would be lost if a process exited now. */
#ifndef DMAOWN_CLI_QUERY_LEAVE_H
#define DMAOWN_CLI_QUERY_LEAVE_H

#include <stdint.h>

#include <dmaown.h>

struct leave_answer {
	struct dmaown_report *reports;
	uint32_t nr;
	uint32_t total; /* with those that there was no room for */
};

/*
 * Ask the module (DMAOWN_IOC_LEAVE). leave_free() frees the answer in any case.
 * @device: descriptor of /dev/dmaown
 * Return: 0, EXDEV or EBUSY with a complete answer; or another errno.
 */
int leave_ask(int device, const struct dmaown_process *process, struct leave_answer *answer);
void leave_free(struct leave_answer *answer);

#endif

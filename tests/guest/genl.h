/* SPDX-License-Identifier: GPL-2.0-only */
/* The family "dmaown" as a program without a library talks to it. */
#ifndef GENL_H
#define GENL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct genl {
	int sock;
	uint16_t family;
	uint32_t events;	/* number of the multicast group */
	uint32_t seq;
};

/* Opens a socket; and looks the family up. Return 0 or -errno. */
int genl_socket(struct genl *genl);
int genl_open(struct genl *genl);
void genl_close(struct genl *genl);

/* Sends a request with these attributes. Returns 0 or -errno. */
int genl_send(struct genl *genl, int cmd, int flags, const void *attrs, size_t size);

/* What an answer consists of. */
struct genl_answer {
	uint8_t *bytes;		/* netlink messages, one after the other */
	size_t size, room;
	unsigned int records;
	bool interrupted;	/* NLM_F_DUMP_INTR was set in one of them */
};

/*
 * Receives messages until the answer to the last request is complete. Returns 0 or -errno, which may
 * come in the middle.
 */
int genl_receive(struct genl *genl, struct genl_answer *answer);

/* One after the other. */
int genl_ask(struct genl *genl, int cmd, int flags, const void *attrs, size_t size,
	     struct genl_answer *answer);

/* The largest number in the answer to a dump that is not an ID. */
uint64_t genl_largest(const struct genl_answer *answer);

/* Lets the socket hear events. */
int genl_join(struct genl *genl);

/* How many events have arrived, without waiting for more. */
unsigned int genl_events(struct genl *genl);

/* The commands that are dumps, ended by 0. */
extern const int genl_dumps[];

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Talk to the family "dmaown" without a library. */
#ifndef GENL_H
#define GENL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct genl {
	int sock;
	uint16_t family;
	uint32_t events; /* number of the multicast group */
	uint32_t seq;
};

/* genl_socket() opens a socket; genl_open() also looks the family up. Return: 0 or -errno. */
int genl_socket(struct genl *genl);
int genl_open(struct genl *genl);
void genl_close(struct genl *genl);

/* Send a request with these attributes. Return: 0 or -errno. */
int genl_send(struct genl *genl, int cmd, int flags, const void *attrs, size_t size);

/* An answer. */
struct genl_answer {
	uint8_t *bytes; /* netlink messages, one after the other */
	size_t size, room;
	unsigned int records;
	bool interrupted; /* NLM_F_DUMP_INTR was set in one of them */
};

/*
 * Receive messages until the answer to the last request is complete. Return: 0 or -errno, which may
 * come after some messages.
 */
int genl_receive(struct genl *genl, struct genl_answer *answer);

/* Call genl_send(), then genl_receive(). */
int genl_ask(struct genl *genl, int cmd, int flags, const void *attrs, size_t size,
	     struct genl_answer *answer);

/* Return: the largest number, except IDs, in the answer to a dump. */
uint64_t genl_largest(const struct genl_answer *answer);

/* Subscribe the socket to events. */
int genl_join(struct genl *genl);

/* Return: the number of events that have arrived. Does not wait for more. */
unsigned int genl_events(struct genl *genl);

/* The commands that dump, ended by 0. */
extern const int genl_dumps[];

#endif

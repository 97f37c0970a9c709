/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that do as they are told. The kernel's own ioctl makes none but its caller the owner,
 * and an area is mapped by who is to own it: so what is measured is done, and timed, in the process
 * concerned.
 */
#ifndef PLAYER_H
#define PLAYER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct player {
	pid_t pid;
	int line;	/* orders go there, and answers come back */
};

/* What an order answers. */
struct answer {
	uint64_t ns;
	uint64_t retries;
	uint64_t areas;
};

#define ORDER_MOST	256	/* bytes of what goes with an order */

/*
 * A fork of this process, with root's capabilities, whose real user is uid: that is who is charged.
 * It has what this one has open and mapped, and ends with it.
 */
struct player player_new(uid_t uid);
void player_end(struct player *player);

/* Has the player call act with a copy of what data points to, and waits for its answer. */
struct answer player_do(const struct player *player, struct answer (*act)(const void *data),
			const void *data, size_t size);

/* For acts: closes all that the player has from its parent but these, and its line. */
void player_keep(const int *files, int nr);

#endif

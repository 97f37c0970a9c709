/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Players: processes that execute orders. The kernel's own ioctl makes only its caller the owner,
 * and a process that maps an area becomes its owner. So each call is made, and timed, in the
 * process that is to become the owner.
 */
#ifndef PLAYER_H
#define PLAYER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct player {
	pid_t pid;
	int line; /* socket for orders and answers */
};

/* Answer to an order. */
struct answer {
	uint64_t ns;
	uint64_t retries;
	uint64_t areas;
};

#define ORDER_MOST 256 /* maximum size of the data of an order, in bytes */

/*
 * Makes a player: a fork of this process, with root's capabilities. Its real user is @uid, who is
 * charged. It inherits all open files and mappings, and ends when this process ends.
 */
struct player player_new(uid_t uid);
void player_end(struct player *player);

/* Lets the player call @act with a copy of @data, and waits for its answer. */
struct answer player_do(const struct player *player, struct answer (*act)(const void *data),
			const void *data, size_t size);

/*
 * Closes all files that the player has inherited, except the given ones and its line. Call this in
 * the player, from an act.
 */
void player_keep(const int *files, int nr);

#endif

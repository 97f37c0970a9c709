// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "player.h"
#include "scene.h"
#include "tap.h"

/* An order can hold a function pointer: functions have the same addresses in a fork. */
struct order {
	struct answer (*act)(const void *data);
	size_t size;
	_Alignas(16) char data[ORDER_MOST];
};

static int own_line = -1;

static void play(int line)
{
	struct order order;
	struct answer answer;

	own_line = line;
	while (read(line, &order, sizeof(order)) == (ssize_t)sizeof(order)) {
		answer = order.act(order.data);
		if (write(line, &answer, sizeof(answer)) != (ssize_t)sizeof(answer))
			break;
	}
	_exit(0);
}

/* Keeps root as the effective user: the capabilities stay then. */
static void charged_to(uid_t uid)
{
	need(!setresuid(uid, 0, 0), "another user");
	/* Set it after setresuid(): a change of credentials clears it. */
	need(!prctl(PR_SET_PDEATHSIG, SIGKILL), "PR_SET_PDEATHSIG");
}

struct player player_new(uid_t uid)
{
	struct player player;
	int line[2];

	need(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line), "socketpair");
	fflush(stdout);
	player.pid = fork();
	need(player.pid >= 0, "fork");
	if (!player.pid) {
		close(line[0]);
		charged_to(uid);
		play(line[1]);
	}
	close(line[1]);
	player.line = line[0];
	return player;
}

void player_keep(const int *files, int nr)
{
	int fd, i;

	for (fd = 3; fd < getdtablesize(); fd++) {
		for (i = 0; i < nr && files[i] != fd; i++)
			;
		if (i == nr && fd != own_line)
			close(fd);
	}
}

void player_end(struct player *player)
{
	close(player->line);
	end_child(player->pid);
}

struct answer player_do(const struct player *player, struct answer (*act)(const void *data),
			const void *data, size_t size)
{
	struct order order = { .act = act, .size = size };
	struct answer answer;

	if (size > sizeof(order.data))
		abort();
	memcpy(order.data, data, size);
	need(write(player->line, &order, sizeof(order)) == (ssize_t)sizeof(order), "an order");
	/* Print nothing: the player has reported its error. */
	if (read(player->line, &answer, sizeof(answer)) != (ssize_t)sizeof(answer))
		exit(1);
	return answer;
}

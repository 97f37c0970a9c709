// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>

#include "interrupt.h"

static const int signals[] = {
	SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU,
};

#define NR_SIGNALS (sizeof(signals) / sizeof(signals[0]))

static volatile sig_atomic_t arrived;
static struct sigaction old[NR_SIGNALS];

static void note(int signal)
{
	(void)signal;
	arrived = 1;
}

void interrupt_begin(void)
{
	struct sigaction action = { .sa_handler = note }; /* without SA_RESTART */
	size_t i;

	arrived = 0;
	for (i = 0; i < NR_SIGNALS; i++) {
		sigaction(signals[i], NULL, &old[i]);
		if (old[i].sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

void interrupt_end(void)
{
	size_t i;

	for (i = 0; i < NR_SIGNALS; i++)
		sigaction(signals[i], &old[i], NULL);
	arrived = 0;
}

bool interrupted(void)
{
	return arrived;
}

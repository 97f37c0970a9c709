// SPDX-License-Identifier: GPL-2.0-only
/* Asking the module for a transfer, and being interrupted meanwhile. */
#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>

#include "transfer.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

#define NR_SIGNALS	(sizeof(signals) / sizeof(signals[0]))

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

/*
 * The module gives up waiting when a signal comes, with nothing changed; what has begun to change is
 * finished. So a signal must not end us: the answer tells which it was.
 */
static void catch_signals(struct sigaction *old)
{
	struct sigaction action = { .sa_handler = interrupt };	/* and not SA_RESTART */
	size_t i;

	interrupted = 0;
	for (i = 0; i < NR_SIGNALS; i++) {
		sigaction(signals[i], NULL, &old[i]);
		if (old[i].sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

static void release_signals(const struct sigaction *old)
{
	size_t i;

	for (i = 0; i < NR_SIGNALS; i++)
		sigaction(signals[i], &old[i], NULL);
}

int transfer_call(int device, struct transfer *transfer)
{
	struct dmaown_transfer *call = &transfer->call;
	struct sigaction old[NR_SIGNALS];
	int error = EINTR;

	call->reports = (uintptr_t)transfer->reports;
	call->nr_reports = TRANSFER_REPORTS;
	catch_signals(old);
	if (!interrupted)
		error = ioctl(device, DMAOWN_IOC_TRANSFER, call) ? errno : 0;
	release_signals(old);
	/* Unless it was written back, that is still the room there was. */
	if (!error || call->nr_reports > call->reports_total)
		call->nr_reports = 0;
	return error;
}

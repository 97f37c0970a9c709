// SPDX-License-Identifier: GPL-2.0-only
/* Asking the module for a transfer, and being interrupted meanwhile. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transfer.h"

/* What the process that calls leaves behind. */
struct answer {
	int error;
	bool complete;
	struct dmaown_transfer call;
	struct dmaown_report reports[TRANSFER_REPORTS];
};

static const int fatal_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

#define NR_SIGNALS	(sizeof(fatal_signals) / sizeof(fatal_signals[0]))

static volatile sig_atomic_t caller;

static void pass_on(int signal)
{
	kill(caller, signal);
}

static void call(int device, struct answer *answer, pid_t parent, const sigset_t *mask)
{
	size_t i;

	for (i = 0; i < NR_SIGNALS; i++)
		signal(fatal_signals[i], SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	sigprocmask(SIG_SETMASK, mask, NULL);
	answer->error = ioctl(device, DMAOWN_IOC_TRANSFER, &answer->call) ? errno : 0;
	answer->complete = true;
	_exit(0);
}

static void wait_for(pid_t pid, const sigset_t *mask)
{
	struct sigaction action = { .sa_handler = pass_on, .sa_flags = SA_RESTART };
	size_t i;

	caller = pid;
	for (i = 0; i < NR_SIGNALS; i++)
		sigaction(fatal_signals[i], &action, NULL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	for (i = 0; i < NR_SIGNALS; i++)
		signal(fatal_signals[i], SIG_DFL);
}

static int run(int device, struct answer *answer)
{
	pid_t parent = getpid();
	sigset_t fatal, old;
	pid_t pid;
	size_t i;

	sigemptyset(&fatal);
	for (i = 0; i < NR_SIGNALS; i++)
		sigaddset(&fatal, fatal_signals[i]);
	/* From here to the handlers nothing may arrive: it would end us and not the call. */
	sigprocmask(SIG_BLOCK, &fatal, &old);
	pid = fork();
	if (pid < 0) {
		sigprocmask(SIG_SETMASK, &old, NULL);
		return errno;
	}
	if (!pid)
		call(device, answer, parent, &old);
	wait_for(pid, &old);
	return answer->complete ? answer->error : EINTR;
}

int transfer_call(int device, struct transfer *transfer)
{
	struct answer *answer;
	size_t n;
	int error;

	answer = mmap(NULL, sizeof(*answer), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (answer == MAP_FAILED)
		return errno;
	answer->call = transfer->call;
	answer->call.reports = (uintptr_t)answer->reports;
	answer->call.nr_reports = TRANSFER_REPORTS;
	error = run(device, answer);
	transfer->call = answer->call;
	/* Unless it was written back, that is still the room there was. */
	n = error && error != EINTR && answer->call.nr_reports <= answer->call.reports_total ?
	    answer->call.nr_reports : 0;
	memcpy(transfer->reports, answer->reports, n * sizeof(*answer->reports));
	transfer->call.nr_reports = n;
	munmap(answer, sizeof(*answer));
	return error;
}

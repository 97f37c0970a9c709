// SPDX-License-Identifier: GPL-2.0-only
/*
 * All signals are blocked, and the handled ones are read from a descriptor. So no signal except
 * SIGKILL ends this process while it owns anything.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "back.h"
#include "host/maps.h"
#include "say.h"
#include "wait.h"

/* Intervals at which the state is checked. */
#define RETRY_MS 200  /* while trying to hand back */
#define EXEC_MS	 50   /* while waiting for an exec, for which there is no event */
#define IDLE_MS	 3000 /* otherwise, in case that nothing is left to hold */

/* Exit statuses of a shell for a command that is not found, cannot be run, or got a signal. */
#define STATUS_MISSING 127
#define STATUS_NOT_RUN 126
#define STATUS_SIGNAL  128

struct wait {
	struct hold *hold;
	struct back back;
	pid_t command; /* 0: none, or it has exited */
	int status;    /* final exit status */
	bool asked;    /* a signal has asked to hand back */
	bool execd;    /* the process has exec'd */
	bool due;      /* it is time to hand back */
};

/* THE COMMAND */

/* Skip what exit() would do: standard output belongs to the parent. */
static void run_child(const struct hold *hold)
{
	int rc = hold_self_restore(&hold->before);
	int status = STATUS_NOT_RUN;

	if (rc) {
		warnx("cannot run %s with its own limits and user: %s", *hold->command,
		      strerror(-rc));
		_exit(status);
	}
	execvp(*hold->command, hold->command);
	if (errno == ENOENT)
		status = STATUS_MISSING;
	warn("cannot run %s", *hold->command);
	_exit(status);
}

static void start_command(struct wait *wait)
{
	const struct hold *hold = wait->hold;

	if (!hold->command)
		return;
	fflush(stdout);
	wait->command = fork();
	if (!wait->command)
		run_child(hold);
	if (wait->command > 0)
		return;
	warn("cannot run %s", *hold->command);
	wait->command = 0;
	wait->status = STATUS_NOT_RUN;
}

static void reap(struct wait *wait)
{
	int status;

	if (!wait->command || waitpid(wait->command, &status, WNOHANG) != wait->command)
		return;
	wait->command = 0;
	wait->status = WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
	if (wait->status)
		hold_say(wait->hold, "%s has exited with status %d", *wait->hold->command,
			 wait->status);
}

/* WAITING */

static bool could_not_run(const struct wait *wait)
{
	return wait->status == STATUS_MISSING || wait->status == STATUS_NOT_RUN;
}

/* Is it time to hand back? If the command was not run, an exec is not waited for. */
static bool is_due(const struct wait *wait)
{
	const struct hold *hold = wait->hold;

	if (wait->command)
		return false;
	if (wait->asked)
		return true;
	if (hold->until_exec && !could_not_run(wait))
		return wait->execd;
	return hold->command;
}

/* Is the signal ignored, as with nohup(1) or in the background of a script? */
static bool is_ignored(int signal)
{
	struct sigaction action;

	return !sigaction(signal, NULL, &action) && action.sa_handler == SIG_IGN;
}

/* Pass on a signal to the command, except one from the terminal, which the command gets itself. */
static void see_signal(struct wait *wait, const struct signalfd_siginfo *info)
{
	switch (info->ssi_signo) {
	case SIGCHLD:
		reap(wait);
		break;
	case SIGHUP:
	case SIGINT:
	case SIGQUIT:
	case SIGTERM:
		if (!wait->due && is_ignored(info->ssi_signo))
			break;
		if (wait->command && info->ssi_code <= 0)
			kill(wait->command, info->ssi_signo);
		wait->asked = true;
		if (wait->due)
			back_begin(&wait->back);
		break;
	}
}

static void read_signals(struct wait *wait)
{
	struct signalfd_siginfo info;

	while (read(wait->hold->signals, &info, sizeof(info)) == sizeof(info))
		see_signal(wait, &info);
}

/*
 * Does the process have another address space? An address space that no process uses any longer was
 * left by an exec if there is another one, and by an exit if not.
 */
static bool has_another(const struct hold *hold)
{
	int fd = maps_open(hold->pid.process.pid);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static void check_exec(struct wait *wait)
{
	struct hold *hold = wait->hold;

	if (!hold->until_exec || wait->execd || maps_alive(hold->maps))
		return;
	if (wait->back.gone) {
		wait->execd = hold->to_text;
	} else if (has_another(hold)) {
		wait->execd = true;
		hold_say(hold, "process %" PRIu32 " has exec'd", hold->pid.process.pid);
	}
}

static int pause_ms(const struct wait *wait)
{
	if (wait->back.trying)
		return RETRY_MS;
	return wait->hold->until_exec && !wait->execd ? EXEC_MS : IDLE_MS;
}

/* Wait for events and handle them. Return: false if there was none in the interval. */
static bool handle_events(struct wait *wait)
{
	struct pollfd fds[] = {
		{ .fd = wait->hold->signals, .events = POLLIN },
		{ .fd = wait->back.gone ? -1 : wait->hold->pidfd, .events = POLLIN },
	};
	int rc = poll(fds, 2, pause_ms(wait));

	if (rc > 0 && fds[0].revents)
		read_signals(wait);
	if (rc > 0 && fds[1].revents)
		back_see_exit(&wait->back);
	check_exec(wait);
	return rc > 0;
}

static int wait_and_hand_back(struct wait *wait)
{
	bool event;

	for (;;) {
		event = handle_events(wait);
		if (!wait->due && is_due(wait)) {
			wait->due = true;
			back_begin(&wait->back);
		}
		if (wait->back.trying && back_try(&wait->back))
			return wait->status;
		if (!event && !wait->back.trying && !wait->command &&
		    back_owns_nothing(&wait->back))
			return wait->status;
	}
}

int hold_wait(struct hold *hold)
{
	struct wait wait = { .hold = hold, .back.hold = hold };

	start_command(&wait);
	return wait_and_hand_back(&wait);
}

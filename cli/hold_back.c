// SPDX-License-Identifier: GPL-2.0-only
/*
 * hold: waiting, and handing back.
 *
 * All signals are blocked and read from a descriptor, so that none ends this process while it owns
 * anything. It ends when it has handed everything back, or owns nothing any more anyhow.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exits.h"
#include "hold.h"
#include "size.h"

#define RETRY_MS	200	/* while trying to hand back */
#define EXEC_MS		50	/* while looking for an exec, of which nobody tells */
#define IDLE_MS		3000	/* how often it is looked whether there is still anything to hold */

/* What a shell says of a command that is not found, or cannot be run, or was ended by a signal. */
#define STATUS_MISSING	127
#define STATUS_NOT_RUN	126
#define STATUS_SIGNAL	128

/* How long the module may wait for what is in flux, each time. */
#define ONCE_MS		1000

struct wait {
	struct hold *hold;
	pid_t command;		/* 0: none, or it has ended */
	int status;		/* to exit with in the end */
	bool asked;		/* a signal has come that means: hand it back */
	bool execd;
	bool gone;		/* the process has ended */
	bool due;		/* there is nothing more to be waited for */
	bool trying;
	uint64_t until;		/* and then, for how long */
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

static __attribute__((format(printf, 2, 3)))
void say(const struct hold *hold, const char *format, ...)
{
	va_list args;

	if (hold->quiet)
		return;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

/* THE COMMAND */

static void run_child(const struct hold *hold)
{
	int rc = hold_self_restore(&hold->before);

	if (rc)
		errx(STATUS_NOT_RUN, "cannot run %s as it should be: %s", *hold->command,
		     strerror(-rc));
	execvp(*hold->command, hold->command);
	err(errno == ENOENT ? STATUS_MISSING : STATUS_NOT_RUN, "cannot run %s", *hold->command);
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
		say(wait->hold, "%s has ended with exit status %d", *wait->hold->command,
		    wait->status);
}

/* HANDING BACK */

static const struct process_ref *receiver(const struct hold *hold)
{
	return hold->to_text ? &hold->to : &hold->pid;
}

static bool is_lost(const struct wait *wait)
{
	return wait->gone && !wait->hold->to_text;
}

/* What does the same by hand. */
static void print_command(const struct wait *wait)
{
	const struct hold *hold = wait->hold;
	uint32_t self = hold->self.process.pid;
	const struct force *force;
	char *text = NULL;
	size_t length, i;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return;
	fputs("dmaownctl transfer --to ", out);
	if (is_lost(wait))
		fputs("PID", out);
	else
		fprintf(out, "%" PRIu32, receiver(hold)->process.pid);
	fprintf(out, " --from %" PRIu32, self);
	for (i = 0; i < hold->nr_contexts; i++)
		if (hold->contexts[i].owned)
			fprintf(out, " --context %s", hold->contexts[i].text);
	fputs(" --remap auto", out);
	for (i = 0; i < hold->forces.nr; i++) {
		force = &hold->forces.items[i];
		force_put(out, force->reason, force->name);
	}
	fclose(out);
	warnx("process %" PRIu32 " stays the owner, and keeps memory and descriptors", self);
	if (!is_lost(wait))
		warnx("to let it try again: kill -HUP %" PRIu32, self);
	warnx("to do it by hand: %s", text);
	free(text);
}

static int see_area(const union record *record, void *data)
{
	const struct area_record *area = &record->area;
	const struct hold *hold = data;

	return area->owner == hold->self.owner || (known(area, AREA, BUSY) && area->busy);
}

/*
 * In which contexts is there anything to hand back? Naming them keeps the module from leaving one
 * out that the receiver does not hold. What is not seen for sure is taken to be there.
 */
static void look_for_contexts(struct hold *hold)
{
	size_t i;

	for (i = 0; i < hold->nr_contexts; i++)
		hold->contexts[i].owned = channel_each(&hold->channel, RECORD_AREA,
						       hold->contexts[i].id, see_area, hold);
}

static void name_contexts(const struct hold *hold, struct transfer *transfer)
{
	size_t i;

	for (i = 0; i < hold->nr_contexts; i++) {
		if (!hold->contexts[i].owned)
			continue;
		transfer->contexts[transfer->nr_contexts] = hold->contexts[i].text;
		transfer->files[transfer->nr_contexts++] = (struct dmaown_file){
			.fd = hold->contexts[i].fd, .context = hold->contexts[i].id,
		};
	}
}

static void carry_out(const struct wait *wait, struct transfer *transfer)
{
	const struct hold *hold = wait->hold;
	char size[SIZE_TEXT];

	name_contexts(hold, transfer);
	if (!transfer->nr_contexts) {
		transfer->error = ENOENT;
		return;
	}
	transfer->timeout_ms = ONCE_MS;
	transfer->held = &hold->memory;
	transfer->error = remap_auto(transfer) ?: transfer_call(hold->device, transfer, 0);
	if (!transfer->error && transfer->call.areas)
		say(hold, "handed %" PRIu64 " area%s %s process %" PRIu32 ", %s pinned",
		    (uint64_t)transfer->call.areas, transfer->call.areas == 1 ? "" : "s",
		    hold->to_text ? "over to" : "back to", transfer->to.process.pid,
		    size_format(size, transfer->call.pinned));
}

/* Returns true when it is done: handed back, or nothing is left to be. */
static bool try_once(struct wait *wait)
{
	struct hold *hold = wait->hold;
	struct transfer transfer;
	int error;

	look_for_contexts(hold);
	if (hold_transfer_make(hold, &transfer, receiver(hold), &hold->self)) {
		wait->trying = false;
		print_command(wait);
		return false;
	}
	carry_out(wait, &transfer);
	error = transfer.error;
	/* What the module has no reasons for does not go away by itself. */
	if (error && error != ENOENT && (now_ms() >= wait->until || !transfer.call.nr_reports)) {
		wait->trying = false;
		transfer_print(&transfer);
		print_command(wait);
	}
	hold_transfer_free(&transfer);
	return !error || error == ENOENT;
}

static bool owns_nothing(struct hold *hold)
{
	size_t i;

	look_for_contexts(hold);
	for (i = 0; i < hold->nr_contexts; i++)
		if (hold->contexts[i].owned)
			return false;
	return true;
}

/* WAITING */

static void begin_trying(struct wait *wait)
{
	if (is_lost(wait)) {
		print_command(wait);
		return;
	}
	wait->trying = true;
	wait->until = now_ms() + wait->hold->timeout_ms;
}

static bool could_not_run(const struct wait *wait)
{
	return wait->status == STATUS_MISSING || wait->status == STATUS_NOT_RUN;
}

/* Is there nothing more to be waited for? A command that was not run has nobody exec. */
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

/* As with nohup(1), or in the background of a script. */
static bool is_ignored(int signal)
{
	struct sigaction action;

	return !sigaction(signal, NULL, &action) && action.sa_handler == SIG_IGN;
}

/* From a terminal a signal comes to the command as well. */
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
			begin_trying(wait);
		break;
	}
}

static void read_signals(struct wait *wait)
{
	struct signalfd_siginfo info;

	while (read(wait->hold->signals, &info, sizeof(info)) == sizeof(info))
		see_signal(wait, &info);
}

static void see_end(struct wait *wait)
{
	wait->gone = true;
	wait->trying = wait->trying && !is_lost(wait);
	if (!is_lost(wait))
		return;
	warnx("process %" PRIu32 " has ended, and gets nothing back",
	      wait->hold->pid.process.pid);
	print_command(wait);
}

/* An address space that nobody uses any more was left by exec, if there is another, or by exit. */
static bool has_another(const struct hold *hold)
{
	int fd = maps_open(hold->pid.process.pid);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static void look_for_exec(struct wait *wait)
{
	struct hold *hold = wait->hold;

	if (!hold->until_exec || wait->execd || maps_alive(hold->maps))
		return;
	if (wait->gone) {
		wait->execd = hold->to_text;
	} else if (has_another(hold)) {
		wait->execd = true;
		say(hold, "process %" PRIu32 " has exec'd", hold->pid.process.pid);
	}
}

static int pause_ms(const struct wait *wait)
{
	if (wait->trying)
		return RETRY_MS;
	return wait->hold->until_exec && !wait->execd ? EXEC_MS : IDLE_MS;
}

/* What has happened? Returns false when nothing has, for as long as there was to wait. */
static bool look(struct wait *wait)
{
	struct pollfd fds[] = {
		{ .fd = wait->hold->signals, .events = POLLIN },
		{ .fd = wait->gone ? -1 : wait->hold->pidfd, .events = POLLIN },
	};
	int rc = poll(fds, 2, pause_ms(wait));

	if (rc > 0 && fds[0].revents)
		read_signals(wait);
	if (rc > 0 && fds[1].revents)
		see_end(wait);
	look_for_exec(wait);
	return rc > 0;
}

static int wait_and_hand_back(struct wait *wait)
{
	struct hold *hold = wait->hold;
	bool event;

	for (;;) {
		event = look(wait);
		if (!wait->due && is_due(wait)) {
			wait->due = true;
			begin_trying(wait);
		}
		if (wait->trying && try_once(wait))
			return wait->status;
		if (!event && !wait->trying && !wait->command && owns_nothing(hold)) {
			say(hold, "nothing is left to hold: it was handed over, or unmapped");
			return wait->status;
		}
	}
}

int hold_back(struct hold *hold)
{
	struct wait wait = { .hold = hold };

	start_command(&wait);
	return wait_and_hand_back(&wait);
}

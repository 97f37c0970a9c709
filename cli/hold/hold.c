// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl hold: own the areas of a process while it execs or is replaced, then hand back. */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "channel/device.h"
#include "command.h"
#include "exit_status.h"
#include "host/maps.h"
#include "options.h"
#include "self.h"
#include "state.h"
#include "take.h"
#include "wait.h"

#define DEFAULT_TIMEOUT_MS 10000

enum { OPTION_TO = 512, OPTION_UNTIL_EXEC, OPTION_FORCE, OPTION_TIMEOUT };

static const struct argp_option options[] = {
	{ "to", OPTION_TO, "PID", 0, "Hand over to this process in the end, instead of back", 0 },
	{ "until-exec", OPTION_UNTIL_EXEC, NULL, 0,
	  "Hand back when the process has exec'd; with --to, also when it has exited", 0 },
	{ "force", OPTION_FORCE, "REASON[=NAME]", 0,
	  "Accept this reason to refuse, to take over and to hand back; as for transfer", 0 },
	{ "timeout", OPTION_TIMEOUT, "SEC", 0,
	  "How long to try to hand back before saying why it fails (10)", 0 },
	{ "quiet", 'q', NULL, 0, "Write nothing as long as all is well", 0 },
	{ 0 }
};

static void parse_process(struct argp_state *state, const char *text, struct process_name *name)
{
	if (!process_parse(text, name) || !name->pid)
		usage_error(state, "not a PID or PID:INODE: '%s'", text);
}

static void add_force(struct hold *hold, const char *text, struct argp_state *state)
{
	char *wrong = force_add(&hold->forces, text);

	if (wrong)
		usage_error(state, "--force '%s': %s", text, wrong);
}

static error_t parse_hold(int key, char *arg, struct argp_state *state)
{
	struct hold *hold = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &hold->choice;
		return 0;
	case OPTION_TO:
		hold->to_text = arg;
		parse_process(state, arg, &hold->to_name);
		return 0;
	case OPTION_UNTIL_EXEC:
		hold->until_exec = true;
		return 0;
	case OPTION_FORCE:
		add_force(hold, arg, state);
		return 0;
	case OPTION_TIMEOUT:
		hold->timeout_ms = parse_timeout(arg, state);
		return 0;
	case 'q':
		hold->quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		if (hold->pid_text)
			usage_error(state, "unexpected argument '%s': a command must come after --",
				    arg);
		hold->pid_text = arg;
		parse_process(state, arg, &hold->pid_name);
		return 0;
	case ARGP_KEY_END:
		if (!hold->pid_text)
			usage_error(state, "PID is missing: name the process that owns the memory");
		if (hold->command && !*hold->command)
			usage_error(state, "the command is missing after --");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp hold_argp = {
	.options = options,
	.parser = parse_hold,
	.children = channel_children,
	.args_doc = "PID [-- COMMAND...]",
	.doc = "Become the owner of everything that PID owns, run COMMAND, or wait for a signal or "
	       "an exec, and then hand it back.\v"
	       "hold keeps the memory while it is the owner. If it cannot hand the memory back, it "
	       "says why and what to do, and tries again on SIGHUP.\n"
	       "Exit status: that of COMMAND, or 0 without one, after everything was handed back; "
	       "as for transfer if hold could not become the owner; see dmaownctl(8).",
};

static int find_process(struct hold *hold, const char *text, const struct process_name *name,
			struct process_ref *ref)
{
	int rc = process_find(hold->device, &hold->channel, text, name, ref);

	if (rc != -ESRCH)
		return rc;
	warnx("there is no process %s", text);
	return EXIT_NO_PROCESS;
}

static int find_processes(struct hold *hold)
{
	const struct process_name self = { .pid = getpid() };
	int rc;

	rc = find_process(hold, "hold itself", &self, &hold->self);
	if (!rc)
		rc = find_process(hold, hold->pid_text, &hold->pid_name, &hold->pid);
	if (!rc && hold->to_text)
		rc = find_process(hold, hold->to_text, &hold->to_name, &hold->to);
	return rc;
}

/* Open the descriptors that show later that the process has exited or exec'd. */
static int open_process(struct hold *hold)
{
	int error;

	hold->pidfd = process_open(hold->device, &hold->pid);
	hold->maps = hold->pidfd < 0 ? hold->pidfd : maps_open(hold->pid.process.pid);
	if (hold->maps >= 0)
		return 0;
	error = -hold->maps;
	warnx("process %s: %s", hold->pid_text, strerror(error));
	return exit_of_errno(error);
}

static int open_signals(struct hold *hold)
{
	static const int wanted[] = { SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	sigset_t signals;
	size_t i;

	sigemptyset(&signals);
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		sigaddset(&signals, wanted[i]);
	hold_self_block(&hold->before);
	hold->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (hold->signals >= 0)
		return 0;
	warn("signalfd");
	return EXIT_OTHER;
}

static int run(struct hold *hold)
{
	int rc = find_processes(hold) ?: open_process(hold) ?: open_signals(hold);

	return rc ?: hold_take(hold) ?: hold_wait(hold);
}

/* Cut off the command after "--", so that its options are not parsed as options of hold. */
static void split_command(struct hold *hold, int *argc, char **argv)
{
	int i;

	for (i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--"))
			continue;
		hold->command = &argv[i + 1];
		argv[i] = NULL;
		*argc = i;
	}
}

/* Descriptors that were taken and memory that was mapped stay until this process exits. */
int hold_main(int argc, char **argv, const struct channel_choice *channel)
{
	struct hold hold = { .choice = *channel, .timeout_ms = DEFAULT_TIMEOUT_MS };
	int rc;

	split_command(&hold, &argc, argv);
	parse_command(&hold_argp, argc, argv, &hold);
	rc = device_open(&hold.device) ?: channel_open(&hold.channel, &hold.choice);
	if (rc)
		return rc;
	rc = run(&hold);
	channel_close(&hold.channel);
	close(hold.device);
	mirror_free(&hold.memory);
	force_free(&hold.forces);
	free(hold.devices.fds);
	free(hold.contexts);
	return rc;
}

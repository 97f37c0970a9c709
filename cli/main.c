// SPDX-License-Identifier: GPL-2.0-only
#include <argp.h>
#include <err.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "command.h"
#include "exits.h"
#include "options.h"

static const struct command {
	const char *name;
	int (*main)(int argc, char **argv, const struct channel_choice *channel);
} commands[] = {
	{ "list", list_main },
	{ "ioas", ioas_main },
	{ "areas", areas_main },
	{ "owners", owners_main },
	{ "devices", devices_main },
	{ "tree", tree_main },
	{ "check", check_main },
	{ "transfer", transfer_main },
	{ "hold", hold_main },
	{ "can-exit", can_exit_main },
	{ "verify", verify_main },
	{ "metrics", metrics_main },
	{ "watch", watch_main },
	{ "status", status_main },
};

const char *argp_program_version = "dmaownctl " DMAOWNCTL_VERSION;

static const char doc[] =
	"Show who owns the memory that iommufd and VFIO keep pinned, and make another process its owner.\v"
	"Commands:\n"
	"  list       contexts (the default)\n"
	"  ioas       IOASes\n"
	"  areas      areas: what is mapped where, from what, owned by whom\n"
	"  owners     owners: what they are charged with, and what is left of their limits\n"
	"  devices    devices bound to contexts\n"
	"  tree       contexts with all that is in them\n"
	"  check      would a transfer succeed, and if not, why not\n"
	"  transfer   make a process the owner\n"
	"  hold       be the owner while a process execs or is replaced, then hand back\n"
	"  can-exit   what would break if a process exited now\n"
	"  verify     dead owners, wrong counters, limits nearly reached\n"
	"  metrics    the same figures, for a monitoring system\n"
	"  watch      transfers and refusals as they happen\n"
	"  status     the module, and what is wrong, if anything\n"
	"\n"
	"Each command has a --help of its own. See dmaownctl(8).";

/* The help is argp's; where the command begins is for main() to find. */
static error_t parse_global(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = state->input;
	return 0;
}

static const struct argp_child children[] = { { &channel_argp, 0, NULL, 0 }, { 0 } };

static const struct argp global_argp = {
	.parser = parse_global,
	.args_doc = "[COMMAND [OPTION...]]",
	.doc = doc,
	.children = children,
};

static bool is_help(const char *arg)
{
	static const char *const names[] = { "--help", "-h", "-?", "--usage", "--version", "-V" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(arg, names[i]))
			return true;
	return false;
}

/* How many of the arguments before the command are --channel NAME or --channel=NAME. */
static int count_globals(int argc, char **argv)
{
	int n = 1;

	while (n < argc && !strncmp(argv[n], "--channel", strlen("--channel")))
		n += argv[n][strlen("--channel")] ? 1 : 2;
	return n < argc ? n : argc;
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

int main(int argc, char **argv)
{
	static char list[] = "list", name[] = "dmaownctl";
	struct channel_choice channel = { 0 };
	const struct command *command;
	int globals;

	setlocale(LC_CTYPE, "");
	argp_err_exit_status = EXIT_USAGE;
	program_invocation_short_name = name;
	argv[0] = name;

	globals = count_globals(argc, argv);
	if (globals < argc && is_help(argv[globals]))
		argp_parse(&global_argp, globals + 1, argv, ARGP_IN_ORDER | ARGP_NO_HELP, NULL,
			   &channel);
	argp_parse(&global_argp, globals, argv, ARGP_IN_ORDER | ARGP_NO_HELP, NULL, &channel);

	/* Without a command's name, what follows are the options of list. */
	if (globals == argc || argv[globals][0] == '-') {
		argv[globals - 1] = list;
		return list_main(argc - globals + 1, argv + globals - 1, &channel);
	}
	command = find_command(argv[globals]);
	if (!command) {
		warnx("unknown command '%s'; see: dmaownctl --help", argv[globals]);
		return EXIT_USAGE;
	}
	return command->main(argc - globals, argv + globals, &channel);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <argp.h>
#include <err.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/channel.h"
#include "command.h"
#include "exit_status.h"
#include "host/streams.h"
#include "options.h"

static const struct command {
	const char *name;
	const char *summary;
	command_function *main;
} commands[] = {
#define COMMAND_(function, name, summary) { name, summary, function##_main },
	COMMANDS(COMMAND_)
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* argp wraps longer lines to the first column. */
#define SHORT_(function, name, summary)                                     \
	_Static_assert(sizeof(name) - 1 <= 10 && sizeof(summary) - 1 <= 65, \
		       name ": the summary does not fit into a line of --help");
COMMANDS(SHORT_)

const char *argp_program_version = "dmaownctl " DMAOWNCTL_VERSION;

static const char doc[] =
	"Show who owns the memory that iommufd and VFIO keep pinned, and make another process its owner.\v"
	"Each command has a --help of its own. See dmaownctl(8).";

/* Insert the list of commands after the options in the help. argp frees the result. */
static char *filter_help(int key, const char *text, void *input)
{
	char *help = NULL;
	size_t size, i;
	FILE *out;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	out = open_memstream(&help, &size);
	if (!out)
		return (char *)text;
	fputs("Commands:\n", out);
	for (i = 0; i < NR_COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fprintf(out, "\n%s", text);
	fclose(out);
	return help;
}

/* argp prints the help of the global options. main() finds the command. */
static error_t parse_global(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = state->input;
	return 0;
}

static const struct argp global_argp = {
	.parser = parse_global,
	.args_doc = "[COMMAND [OPTION...]]",
	.doc = doc,
	.children = channel_children,
	.help_filter = filter_help,
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

/* Return: the index of the first argument that is not part of --channel NAME or --channel=NAME. */
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

	for (i = 0; i < NR_COMMANDS; i++)
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

	streams_begin();
	setlocale(LC_CTYPE, "");
	argp_err_exit_status = EXIT_USAGE;
	program_invocation_short_name = name;
	argv[0] = name;

	globals = count_globals(argc, argv);
	if (globals < argc && is_help(argv[globals]))
		argp_parse(&global_argp, globals + 1, argv, ARGP_IN_ORDER | ARGP_NO_HELP, NULL,
			   &channel);
	argp_parse(&global_argp, globals, argv, ARGP_IN_ORDER | ARGP_NO_HELP, NULL, &channel);

	/* Without a command, the arguments are options of list. */
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

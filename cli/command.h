/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands of dmaownctl. */
#ifndef DMAOWN_CLI_COMMAND_H
#define DMAOWN_CLI_COMMAND_H

/*
 * (function, name, summary). This is the only list of commands: --help prints it, and the shells
 * complete commands and summaries from --help.
 */
#define COMMANDS(C)                                                                          \
	C(list, "list", "list contexts (the default)")                                       \
	C(ioas, "ioas", "list IOASes")                                                       \
	C(areas, "areas", "list areas: addresses, source and owner")                         \
	C(owners, "owners", "list owners: charges, limits and headroom")                     \
	C(holders, "holders", "list holders: how they hold, and what they may still pin")    \
	C(devices, "devices", "list devices that are bound to contexts")                     \
	C(who, "who", "show who holds a device, group or context, and what frees it")        \
	C(tree, "tree", "show contexts with everything in them")                             \
	C(check, "check", "check whether a transfer would succeed, and if not, why")         \
	C(transfer, "transfer", "make a process the owner")                                  \
	C(hold, "hold", "be the owner while a process execs or is replaced, then hand back") \
	C(can_exit, "can-exit", "show what would break if a process exited now")             \
	C(verify, "verify", "find dead owners, wrong counters, and limits nearly reached")   \
	C(metrics, "metrics", "print figures for a monitoring system")                       \
	C(watch, "watch", "print transfers and refusals as they happen")                     \
	C(status, "status", "show the state of the module, and what is wrong, if anything")

struct channel_choice;

/*
 * Run a command.
 * @argv: the command's name, and what follows it
 * @channel: from the global options
 * Return: the exit status.
 */
typedef int command_function(int argc, char **argv, const struct channel_choice *channel);

#define COMMAND_FUNCTION_(function, name, summary) command_function function##_main;
COMMANDS(COMMAND_FUNCTION_)

#endif

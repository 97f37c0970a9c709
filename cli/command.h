/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_CLI_COMMAND_H
#define DMAOWN_CLI_COMMAND_H

struct channel_choice;

/* Each takes what follows the global options, itself being argv[0], and returns the exit status. */
int list_main(int argc, char **argv, const struct channel_choice *channel);
int ioas_main(int argc, char **argv, const struct channel_choice *channel);
int areas_main(int argc, char **argv, const struct channel_choice *channel);
int owners_main(int argc, char **argv, const struct channel_choice *channel);
int devices_main(int argc, char **argv, const struct channel_choice *channel);
int tree_main(int argc, char **argv, const struct channel_choice *channel);
int check_main(int argc, char **argv, const struct channel_choice *channel);
int transfer_main(int argc, char **argv, const struct channel_choice *channel);
int hold_main(int argc, char **argv, const struct channel_choice *channel);
int can_exit_main(int argc, char **argv, const struct channel_choice *channel);
int verify_main(int argc, char **argv, const struct channel_choice *channel);
int metrics_main(int argc, char **argv, const struct channel_choice *channel);
int watch_main(int argc, char **argv, const struct channel_choice *channel);
int status_main(int argc, char **argv, const struct channel_choice *channel);

#endif

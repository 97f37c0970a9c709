/* SPDX-License-Identifier: GPL-2.0-only */
/* Records from the text files in debugfs. */
#ifndef DMAOWN_CLI_CHANNEL_DEBUGFS_H
#define DMAOWN_CLI_CHANNEL_DEBUGFS_H

#include "ops.h"

extern const struct channel_ops debugfs_channel;

/*
 * Parse one line of text, which is changed.
 * Return: 0, or -EBADMSG with *bad set to the word that cannot be parsed.
 */
int debugfs_parse_line(enum record_kind kind, char *line, union record *record, const char **bad);

#endif

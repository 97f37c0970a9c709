/* SPDX-License-Identifier: GPL-2.0-only */
/* The module's errors in the kernel log: the only source when the module refuses to load. */
#ifndef DMAOWN_CLI_CHANNEL_KMSG_H
#define DMAOWN_CLI_CHANNEL_KMSG_H

/*
 * Called for each error. Any return value except 0 ends kmsg_read().
 * @text: NULL where lines were lost
 */
typedef int (*kmsg_fn)(const char *text, void *data);

/* Return: a descriptor that is readable when something new is logged, or -errno. */
int kmsg_open(void);

/* Call fn for the errors there are, without waiting. Return: 0, what fn returned, or -errno. */
int kmsg_read(int fd, kmsg_fn fn, void *data);

/*
 * Find the module's error in a record of /dev/kmsg, which is changed.
 * Return: NULL if the record is something else.
 */
char *kmsg_parse(char *record);

#endif

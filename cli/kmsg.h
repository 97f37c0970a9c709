/* SPDX-License-Identifier: GPL-2.0-only */
/* What the module complains of in the kernel log: that is all there is when it refuses to load. */
#ifndef DMAOWN_CLI_KMSG_H
#define DMAOWN_CLI_KMSG_H

/* Anything but 0 ends the reading. text: NULL where lines were lost. */
typedef int (*kmsg_fn)(const char *text, void *data);

/* A descriptor to be waited on, for what is logged from now on; or -errno. */
int kmsg_open(void);

/* Tell what complaints there are, without waiting for any. 0; what fn returned; -errno. */
int kmsg_read(int fd, kmsg_fn fn, void *data);

/* The sentence of one record of /dev/kmsg, which is changed; NULL: it is none of these. */
char *kmsg_parse(char *record);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Make sure that standard streams are open and that lost output is reported. */
#ifndef DMAOWN_CLI_HOST_STREAMS_H
#define DMAOWN_CLI_HOST_STREAMS_H

#include <stdio.h>

/*
 * Call this before anything is opened. Open those of the descriptors 0 to 2 that are closed, in a
 * mode in which their use fails. At exit, report lost output and turn success into EXIT_OTHER. Any
 * other exit status is kept.
 */
void streams_begin(void);

/* As fwrite(). If it fails on standard output, streams_flush() returns the error. */
void streams_write(const void *bytes, size_t length, FILE *out);

/* Flush standard output. Return: 0, or -errno if some of it was lost, now or before. */
int streams_flush(void);

/* Ignore SIGPIPE and SIGXFSZ from now on: lost output is an error instead. */
void streams_survive(void);

#endif

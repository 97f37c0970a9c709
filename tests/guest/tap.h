/* SPDX-License-Identifier: GPL-2.0-only */
/* TAP on standard output, for tests in C. */
#ifndef TAP_H
#define TAP_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tests, failures;

static inline void ok(bool good, const char *name)
{
	tests++;
	failures += !good;
	printf("%sok %d - %s\n", good ? "" : "not ", tests, name);
	if (!good)
		fprintf(stderr, "# failed: %d - %s\n", tests, name);
}

/* The scene itself did not come about: nothing that follows would mean anything. */
static inline void need(bool good, const char *what)
{
	if (good)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static inline int finish(void)
{
	printf("1..%d\n", tests);
	return failures != 0;
}

#endif

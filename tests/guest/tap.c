// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static int tests, failures;

void ok(bool good, const char *format, ...)
{
	char name[300];
	va_list ap;

	va_start(ap, format);
	vsnprintf(name, sizeof(name), format, ap);
	va_end(ap);
	tests++;
	failures += !good;
	printf("%sok %d - %s\n", good ? "" : "not ", tests, name);
	fflush(stdout);
	if (!good)
		diag("failed: %d - %s", tests, name);
}

void diag(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fputs("# ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
}

void broken(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

void need(bool good, const char *what)
{
	if (!good)
		broken(what);
}

void expect(int ret, int error, const char *name)
{
	int got = ret ? errno : 0;

	ok(got == error, "%s", name);
	if (got != error)
		diag("got %s, expected %s", got ? strerrorname_np(got) : "success",
		     error ? strerrorname_np(error) : "success");
}

void equal(uint64_t got, uint64_t expected, const char *name)
{
	ok(got == expected, "%s", name);
	if (got != expected)
		diag("got %llu, expected %llu", (unsigned long long)got,
		     (unsigned long long)expected);
}

int done_testing(void)
{
	printf("1..%d\n", tests);
	return failures > 0;
}

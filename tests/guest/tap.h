/* SPDX-License-Identifier: GPL-2.0-only */
/* For the tests that are programs in C: TAP on standard output. */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stdint.h>

__attribute__((format(printf, 2, 3)))
void ok(bool good, const char *format, ...);

/* More about a failure, where prove lets it be seen. */
__attribute__((format(printf, 1, 2)))
void diag(const char *format, ...);

/* The scene itself did not come about: nothing that follows would mean anything. Says errno. */
__attribute__((noreturn))
void broken(const char *what);

/* The same unless it is good. */
void need(bool good, const char *what);

/* error: the errno that is expected, or 0 for success */
void expect(int ret, int error, const char *name);

void equal(uint64_t got, uint64_t expected, const char *name);

/* The plan; what main() returns. */
int done_testing(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* TAP on standard output, for the tests that are C programs. */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stdint.h>

__attribute__((format(printf, 2, 3))) void ok(bool good, const char *format, ...);

/* Print more about a failure to standard error, which prove shows. */
__attribute__((format(printf, 1, 2))) void diag(const char *format, ...);

/* End the test because its setup failed: later results would mean nothing. Prints errno. */
__attribute__((noreturn)) void broken(const char *what);

/* Call broken() if @good is false. */
void need(bool good, const char *what);

/* @error: the expected errno, or 0 for success */
void expect(int ret, int error, const char *name);

void equal(uint64_t got, uint64_t expected, const char *name);

/* Print the plan. Return: the exit status for main(). */
int done_testing(void);

#endif

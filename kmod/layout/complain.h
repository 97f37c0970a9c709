/* SPDX-License-Identifier: GPL-2.0 */
/* The one sentence that says why the program stops. */
#ifndef LAYOUT_COMPLAIN_H
#define LAYOUT_COMPLAIN_H

/* Keeps the sentence in place of an earlier one, and returns -1 for the caller to return. */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

const char *complaint(void);

#endif

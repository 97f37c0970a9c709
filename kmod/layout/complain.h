/* SPDX-License-Identifier: GPL-2.0 */
/* The sentence that says why the program stops. */
#ifndef LAYOUT_COMPLAIN_H
#define LAYOUT_COMPLAIN_H

/* Stores the sentence in place of an earlier one. Return: -1, for the caller to return. */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Return: the stored sentence, "" if there is none. */
const char *complaint(void);

#endif

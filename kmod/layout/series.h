/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel series whose locking was checked by people: a layout that fits says nothing of it. */
#ifndef LAYOUT_SERIES_H
#define LAYOUT_SERIES_H

/* Returns 0 if RELEASE is of such a series, else -1 with a sentence. */
int series_check(const char *release);

#endif

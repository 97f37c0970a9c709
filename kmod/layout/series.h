/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel series whose locking somebody has checked, for each kind of context. A layout that
 * fits does not prove that the locking is the same.
 */
#ifndef LAYOUT_SERIES_H
#define LAYOUT_SERIES_H

enum series_kind {
	SERIES_IOMMUFD,
	SERIES_VFIO, /* device files, containers, and type1 */
};

/* Return: 0 if KIND was checked in the series of RELEASE, else -1 with a sentence. */
int series_check(enum series_kind kind, const char *release);

#endif

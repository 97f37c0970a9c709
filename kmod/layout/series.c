// SPDX-License-Identifier: GPL-2.0
#include <stdbool.h>
#include <stdio.h>

#include "complain.h"
#include "series.h"

struct number {
	unsigned int version, patch_level;
};

struct range {
	struct number first, last;
};

/*
 * Add a series only after you have read its code for everything that kmod/ relies on: which locks
 * protect what, in which order they are taken, and what may happen while none is held. Read VFIO
 * first: its files hold iommufd contexts, too, so every series of iommufd must also be one of VFIO.
 *
 * VFIO was read in 6.12, 6.17 to 6.19, and 7.1 to 7.3: nothing that kmod/ relies on has changed.
 * The sources of the series in between were not available.
 */
static const struct {
	const char *name;
	struct range checked[4];
} kinds[] = {
	[SERIES_IOMMUFD] = { "iommufd", { { { 6, 12 }, { 6, 12 } }, { { 7, 3 }, { 7, 3 } } } },
	[SERIES_VFIO] = { "VFIO", { { { 6, 12 }, { 6, 19 } }, { { 7, 0 }, { 7, 3 } } } },
};

static bool is_before(struct number a, struct number b)
{
	return a.version != b.version ? a.version < b.version : a.patch_level < b.patch_level;
}

static bool is_checked(const struct range *range, struct number number)
{
	for (; range->first.version; range++)
		if (!is_before(number, range->first) && !is_before(range->last, number))
			return true;
	return false;
}

/* Prints the ranges like "6.12 to 6.19, 7.3". */
static void list_checked(char list[128], const struct range *range)
{
	FILE *out = fmemopen(list, 128, "w");
	const char *between = "";

	for (; range->first.version; range++, between = ", ") {
		fprintf(out, "%s%u.%u", between, range->first.version, range->first.patch_level);
		if (is_before(range->first, range->last))
			fprintf(out, " to %u.%u", range->last.version, range->last.patch_level);
	}
	fclose(out);
}

int series_check(enum series_kind kind, const char *release)
{
	struct number number = {};
	char list[128];

	if (sscanf(release, "%u.%u", &number.version, &number.patch_level) == 2 &&
	    is_checked(kinds[kind].checked, number))
		return 0;
	list_checked(list, kinds[kind].checked);
	return complain("nobody has checked the locking of %s in %u.%u (checked: %s)",
			kinds[kind].name, number.version, number.patch_level, list);
}

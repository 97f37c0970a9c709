// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "complain.h"
#include "series.h"

/*
 * Add one only after its iommufd was read for what kmod/ takes for granted: which locks protect
 * what, in which order they are taken, and what may happen while none is held.
 */
static const char *const tested[] = { "6.12", "7.3", NULL };

/* "6.12" of "6.12.95-amd64". */
static void series_of(char series[32], const char *release)
{
	size_t length = strspn(release, "0123456789");

	if (release[length] == '.')
		length += 1 + strspn(release + length + 1, "0123456789");
	snprintf(series, 32, "%.*s", (int)length, release);
}

static void list_tested(char list[256])
{
	size_t used = 0;

	for (size_t i = 0; tested[i]; i++)
		used += snprintf(list + used, 256 - used, "%s%s", i ? ", " : "", tested[i]);
}

int series_check(const char *release)
{
	char series[32], list[256];

	series_of(series, release);
	for (size_t i = 0; tested[i]; i++)
		if (!strcmp(tested[i], series))
			return 0;
	list_tested(list);
	return complain("nobody has checked the locking of iommufd in %s (tested: %s); to build for it all the same: make UNTESTED=1",
			series, list);
}

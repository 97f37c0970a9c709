// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "number.h"

bool number_parse(const char *text, uint64_t max, uint64_t *number)
{
	char *end;

	/* strtoull() also accepts blanks and a sign. */
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return !*end && !errno && *number <= max;
}

uint32_t pid_parse(const char *text)
{
	uint64_t pid;

	return number_parse(text, UINT32_MAX, &pid) ? pid : 0;
}

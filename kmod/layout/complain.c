// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>

#include "complain.h"

static char sentence[8192];

int complain(const char *format, ...)
{
	char next[sizeof(sentence)];
	va_list args;

	/* The arguments may include the stored sentence, as a part of the new one. */
	va_start(args, format);
	vsnprintf(next, sizeof(next), format, args);
	va_end(args);
	snprintf(sentence, sizeof(sentence), "%s", next);
	return -1;
}

const char *complaint(void)
{
	return sentence;
}

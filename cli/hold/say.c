// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <stdarg.h>
#include <stdio.h>

#include "host/streams.h"
#include "say.h"

void hold_say(const struct hold *hold, const char *format, ...)
{
	va_list args, again;

	if (hold->quiet)
		return;
	va_start(args, format);
	va_copy(again, args);
	vprintf(format, args);
	putchar('\n');
	if (streams_flush())
		vwarnx(format, again);
	va_end(again);
	va_end(args);
}

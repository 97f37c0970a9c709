/* SPDX-License-Identifier: GPL-2.0 */
/* The header that the module is compiled with. */
#ifndef LAYOUT_EMIT_H
#define LAYOUT_EMIT_H

#include <stdio.h>

#include "find.h"
#include "source.h"

/* What was found where; FOUND is not looked at where the source has no BTF. */
void emit(FILE *out, const char *release, const struct source *kernel,
	  const struct source modules[WANTED_COUNT], const struct found found[WANTED_COUNT]);

#endif

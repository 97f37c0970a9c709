/* SPDX-License-Identifier: GPL-2.0 */
/* Writes the header that the module is compiled with. */
#ifndef LAYOUT_EMIT_H
#define LAYOUT_EMIT_H

#include <stdio.h>

#include "find.h"
#include "source.h"

/*
 * Writes the header to OUT. FOUND is what was found in MODULES; it is not read for a module without
 * BTF. PUBLIC is what was found for wanted_public.
 */
void emit(FILE *out, const char *release, const struct source *kernel, const struct found *public,
	  const struct source modules[WANTED_COUNT], const struct found found[WANTED_COUNT]);

#endif
